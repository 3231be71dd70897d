import Diagnostics
import LocatedYAML
import TopologyModel

extension TopologyReader {
    static let imageKeys = ["name", "url", "file", "kind", "sha256", "sha512", "signature", "key"]

    /// Words of `update`.
    enum Update: String, CaseIterable {
        /// Nodes stay with the root that they have.
        case none
        /// `up` gives them the newest one.
        case newest
    }

    /// The root of the nodes that are containers: the version that `image` names, or what `update` says.
    mutating func readRoot(_ fields: YAMLFields) -> RootChoice {
        let update = decoder.word("update", in: fields, as: Update.self)
        guard fields["image"] != nil else { return update == .newest ? .newest : .kept }
        guard let text = decoder.string("image", in: fields) else { return .kept }
        let location = fields.location(of: "image")
        if update == .newest {
            decoder.report(
                "\"image\" names one root, and `update: newest` asks for another as soon as there is one",
                at: location,
                notes: ["write one of both"],
            )
        }
        return .version(text, location: location)
    }

    /// An image of a role's own: a name, or a mapping.
    mutating func readImage(_ fields: YAMLFields, defaults: RoleImage?) -> RoleImage? {
        guard let pair = fields.pair("image") else { return defaults }
        if let name = pair.value.asString { return RoleImage(source: .name(name)) }
        guard let image = decoder.fields("image", in: fields, as: "an image", keys: Self.imageKeys) else { return nil }
        guard let source = readSource(image) else { return nil }
        let checksum = readChecksum(image)
        let signature = readSignature(image)
        if case .origin(.url(let url)) = source, checksum == nil, signature == nil, image["sha256"] == nil,
            image["sha512"] == nil
        {
            decoder.report(
                "an image from \(url) needs its digest: whoever can change it could be anyone on the way",
                at: image.location(of: "url"),
                notes: ["add `sha256` or `sha512` as its publisher gives it, or `signature` and `key`"],
            )
        }
        return RoleImage(
            kind: decoder.word("kind", in: image, as: RoleImage.Kind.self) ?? .cloudInit,
            source: source,
            checksum: checksum,
            signature: signature,
        )
    }

    private mutating func readSource(_ image: YAMLFields) -> RoleImage.Source? {
        let named = ["name", "url", "file"].filter { image[$0] != nil }
        guard let key = named.first, named.count == 1 else {
            let found = named.isEmpty ? "none of them" : named.joined(separator: " and ")
            decoder.report("an image has one of name, url and file, and here is \(found)", at: image.location)
            return nil
        }
        guard let text = decoder.string(key, in: image) else { return nil }
        switch key {
        case "name": return .name(text)
        case "file": return .origin(.file(FilePath.join(FilePath.split(file).directory, text)))
        default:
            if text.hasPrefix("http://") || text.hasPrefix("https://") { return .origin(.url(text)) }
            decoder.report("\"\(text)\" is no http or https URL", at: image.location(of: "url"))
            return nil
        }
    }

    private mutating func readChecksum(_ image: YAMLFields) -> ImageChecksum? {
        if image["sha256"] != nil, image["sha512"] != nil {
            decoder.report("one of sha256 and sha512 is enough", at: image.location(of: "sha512"))
        }
        return readChecksum(.sha256, image) ?? readChecksum(.sha512, image)
    }

    private mutating func readChecksum(_ algorithm: ImageChecksum.Algorithm, _ image: YAMLFields) -> ImageChecksum? {
        let key = algorithm.rawValue
        guard let text = decoder.string(key, in: image)?.lowercased() else { return nil }
        if let checksum = ImageChecksum(algorithm, text) { return checksum }
        let digits = algorithm.length
        decoder.report("\"\(text)\" is no \(key): that has \(digits) hexadecimal digits", at: image.location(of: key))
        return nil
    }

    private mutating func readSignature(_ image: YAMLFields) -> RoleImage.Signature? {
        guard image["signature"] != nil || image["key"] != nil else { return nil }
        guard let source = decoder.string("signature", in: image), let key = decoder.string("key", in: image) else {
            if image["signature"] == nil || image["key"] == nil {
                let there = image["key"] == nil ? "signature" : "key"
                decoder.report("signature and key go together", at: image.location(of: there))
            }
            return nil
        }
        let directory = FilePath.split(file).directory
        var origin = ImageOrigin(source)
        if case .file(let path) = origin { origin = .file(FilePath.join(directory, path)) }
        return RoleImage.Signature(origin: origin, key: FilePath.join(directory, key))
    }
}
