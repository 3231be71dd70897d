import Yams

/// Composes a text although keys come twice in a mapping, which Yams refuses: the earlier one is renamed to a
/// placeholder of the same width, so that every mark stays where it was, and gets its name back in the tree.
struct DuplicateKeys {
    private(set) var originalKeys: [String: String] = [:]

    private static let limit = 200
    /// Plane 15 is for private use: no file has these.
    private static let firstPlaceholder: UInt32 = 0xF0000

    /// The first document and the root of the next one, if there is one.
    mutating func compose(_ source: inout SourceText) throws -> [Node] {
        while true {
            do {
                return try Self.compose(source.text)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                guard originalKeys.count < Self.limit, let key = keys.first,
                    rename(key, at: context.mark, in: &source)
                else { throw YamlError.duplicatedKeysInMapping(duplicates: keys, context: context) }
            }
        }
    }

    private static func compose(_ text: String) throws -> [Node] {
        // The basic resolver gives no scalar a meaning, and needs no regular expressions to be compiled.
        let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
        guard let first = try parser.nextRoot() else { return [] }
        return [first] + (try parser.nextRoot().map { [$0] } ?? [])
    }

    private mutating func rename(_ key: String, at mark: Mark, in source: inout SourceText) -> Bool {
        var start = source.index(line: mark.line - 1, column: mark.column - 1)
        if start < source.scalars.count, source.scalars[start] == "\"" || source.scalars[start] == "'" { start += 1 }
        let name = originalKeys[key] ?? key
        let end = start + name.unicodeScalars.count
        guard !name.isEmpty, end <= source.scalars.count,
            SourceText.string(source.scalars[start..<end]) == key,
            let first = Unicode.Scalar(Self.firstPlaceholder + UInt32(originalKeys.count))
        else { return false }
        let placeholder = [first] + Array(repeating: "_" as Unicode.Scalar, count: end - start - 1)
        originalKeys[SourceText.string(placeholder[...])] = name
        source.scalars.replaceSubrange(start..<end, with: placeholder)
        return true
    }
}
