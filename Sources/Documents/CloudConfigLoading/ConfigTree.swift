import CloudConfig
import Diagnostics
import LocatedYAML

extension YAMLNode {
    /// The pairs under `key`, `-` and `_` being one, in the order of the text.
    package func pairs(_ key: String) -> [YAMLPair] {
        (pairs ?? []).filter { $0.foldedKey == key }
    }

    /// The value that counts under the keys of a path; nil where it leads nowhere.
    package func value(_ path: String...) -> YAMLNode? { pair(path)?.value }

    /// Pair at the end of a path of keys; nil where one of them is missing.
    package func pair(_ path: [String]) -> YAMLPair? {
        guard let key = path.first, let pair = pairs(key).last else { return nil }
        return path.count == 1 ? pair : pair.value.pair(Array(path.dropFirst()))
    }

    /// The elements of every list under `key`: `write-files` and `write_files` in one file are both read.
    package func elements(_ key: String) -> [YAMLNode] { pairs(key).flatMap { $0.value.elements ?? [] } }

    /// Returns whether a value of this kind goes into a key of that type: text takes any scalar, a float takes an
    /// integer, and nothing takes null.
    package func fits(_ shape: ConfigShape) -> Bool {
        switch shape {
        case .string: asString != nil
        case .int: asInt(.coreOS) != nil
        case .bool: asBool(.coreOS) != nil
        case .double: asDouble(.coreOS) != nil
        case .mapping: pairs != nil
        case .strings, .mappings: elements != nil
        }
    }
}

extension YAMLPair {
    /// Key with `_` in place of `-`, as the original compared keys.
    package var foldedKey: String { String(key.map { $0 == "-" ? "_" : $0 }) }

    /// Location for findings about the value: the value's, unless that begins on another line than its key, or is
    /// missing.
    package var valueLocation: SourceLocation {
        let isBare = value.scalar?.text.isEmpty == true && value.scalar?.style == .plain
        return isBare || value.location.line != keyLocation.line || value.isAlias ? keyLocation : value.location
    }
}
