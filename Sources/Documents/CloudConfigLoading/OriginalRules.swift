import Basics
import CloudConfig
import Diagnostics
import LocatedYAML

extension ValidationRule {
    /// The discovery URL of etcd 0.4; the original does not check etcd2's.
    static let discoveryURL = ValidationRule("discovery URL") { root in
        guard let pair = root.pair(["coreos", "etcd", "discovery"]), let url = pair.value.asString,
            GoURL.fault(in: url) != nil
        else { return [] }
        return [.warning("discovery URL is not valid", at: pair.valueLocation)]
    }

    /// Rule that finds contents their `encoding` does not decode.
    package static let encoding = ValidationRule("encoding") { root in
        root.elements("write_files").compactMap { file in
            guard let encoding = file.pair(["encoding"]), let name = encoding.value.asString, !name.isEmpty else {
                return nil
            }
            let content = file.pair(["content"])
            guard let fault = contentFault(content?.value, encoding: name) else { return nil }
            let place = content?.valueLocation ?? encoding.valueLocation
            return .error("content cannot be decoded as \(JSONString.quoted(name))", at: place, notes: [fault])
        }
    }

    /// Keys that are not known, not wanted any more, or hold something else than they should.
    static let structure = ValidationRule("structure") { root in
        structureFaults(of: root, shape: .cloudConfig, name: "", at: root.location)
    }

    static let validity = ValidationRule("validity") { root in
        validityFaults(of: root, shape: .cloudConfig)
    }

    static let writeFiles = ValidationRule("write_files") { root in
        root.elements("write_files").compactMap { file in
            guard let pair = file.pair(["path"]), let path = pair.value.asString, isReadOnly(path) else { return nil }
            return .error(
                "file cannot be written to a read-only filesystem",
                at: pair.valueLocation,
                notes: ["/usr is read-only on CoreOS and Flatcar"],
            )
        }
    }

    static let writeFilesUnderCoreos = ValidationRule("write_files under coreos") { root in
        guard let pair = root.pair(["coreos", "write_files"]) else { return [] }
        return [Diagnostic(.note, "write_files doesn't belong under coreos", at: pair.keyLocation)]
    }
}

// MARK: How they look

private func contentFault(_ content: YAMLNode?, encoding: String) -> String? {
    guard let encoding = CloudConfig.FileEncoding(rawValue: encoding) else {
        return "the encodings are \(CloudConfig.FileEncoding.names.joined(separator: ", "))"
    }
    do {
        var bytes = Array((content?.asString ?? "").utf8)
        if content?.tag == YAMLTag.binary {
            bytes = try Base64.unpack(bytes.filter { ![0x20, 0x09].contains($0) })
        }
        if encoding.isBase64 { bytes = try Base64.unpack(bytes) }
        if encoding.isGzip { _ = try Gzip.decompress(bytes) }
        return nil
    } catch {
        return error.description
    }
}

private func structureFaults(
    of node: YAMLNode,
    shape: ConfigShape,
    name: String,
    at location: SourceLocation,
) -> [Diagnostic] {
    guard node.fits(shape) else {
        return [.warning("incorrect type for \(JSONString.quoted(name)) (want \(shape.typeName))", at: location)]
    }
    switch shape {
    case .string, .int, .bool, .double:
        return []
    case .strings:
        return indexed(node).flatMap { index, element in
            structureFaults(of: element, shape: .string, name: "\(name)[\(index)]", at: element.location)
        }
    case .mappings(let keys):
        return indexed(node).flatMap { index, element in
            structureFaults(of: element, shape: .mapping(keys), name: "\(name)[\(index)]", at: element.location)
        }
    case .mapping(let keys):
        return (node.pairs ?? []).flatMap { pair in structureFaults(of: pair, keys: keys) }
    }
}

private func structureFaults(of pair: YAMLPair, keys: [ConfigKey]) -> [Diagnostic] {
    let name = pair.foldedKey
    guard let key = keys.first(where: { $0.name == name }) else {
        let nearest = Spelling.nearest(to: name, among: keys.map(\.name))
        let notes = nearest.map { ["did you mean \"\($0)\"?"] } ?? []
        return [.warning("unrecognized key \(JSONString.quoted(name))", at: pair.keyLocation, notes: notes)]
    }
    let deprecation = key.deprecation.map { reason in
        Diagnostic.warning(
            "deprecated key \(JSONString.quoted(name)) (\(reason))",
            at: pair.keyLocation,
            code: .deprecatedKey(name),
        )
    }
    return (deprecation.map { [$0] } ?? [])
        + structureFaults(of: pair.value, shape: key.shape, name: name, at: pair.valueLocation)
}

private func validityFaults(of node: YAMLNode, shape: ConfigShape) -> [Diagnostic] {
    switch shape {
    case .string, .int, .bool, .double, .strings:
        return []
    case .mappings(let keys):
        return (node.elements ?? []).flatMap { validityFaults(of: $0, shape: .mapping(keys)) }
    case .mapping(let keys):
        return (node.pairs ?? []).flatMap { pair -> [Diagnostic] in
            guard let key = keys.first(where: { $0.name == pair.foldedKey }) else { return [] }
            guard let validity = key.validity else { return validityFaults(of: pair.value, shape: key.shape) }
            guard let text = pair.value.asString, !text.isEmpty, !validity.allows(text) else { return [] }
            let note = "valid: \(validity.description)"
            return [.error("invalid value \(text)", at: pair.valueLocation, notes: [note])]
        }
    }
}

private func indexed(_ node: YAMLNode) -> [(Int, YAMLNode)] { Array((node.elements ?? []).enumerated()) }

/// The original looked at the text of the directory: `/usrlocal/x` counts, `/usr` itself and `usr/x` do not.
private func isReadOnly(_ path: String) -> Bool {
    guard path.hasPrefix("/") else { return false }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    // A path that ends in a slash names a directory in the directory before it.
    if !path.hasSuffix("/") { _ = parts.popLast() }
    return parts.first?.hasPrefix("usr") == true
}
