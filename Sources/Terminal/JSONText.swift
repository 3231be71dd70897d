import FoundationEssentials

/// JSON as the commands print it: keys in `snake_case` and sorted, so that two runs compare line by line.
package enum JSONText {
    /// A document over several lines, without a final newline.
    package static func pretty(_ value: some Encodable) throws -> String {
        try encode(value, formatting: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }

    /// A document on one line, without a final newline: one event of a stream.
    package static func line(_ value: some Encodable) throws -> String {
        try encode(value, formatting: [.sortedKeys, .withoutEscapingSlashes])
    }

    private static func encode(_ value: some Encodable, formatting: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        encoder.dateEncodingStrategy = .iso8601
        encoder.keyEncodingStrategy = .custom { path in
            Key(stringValue: snakeCase(path.last?.stringValue ?? ""))
        }
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// `machineTTLSeconds` as `machine_ttl_seconds`, `memoryMiB` as `memory_mib`. Keys of dictionaries are data, and
    /// stay as they are.
    static func snakeCase(_ name: String) -> String {
        let letters = Array(name)
        var result = ""
        for (index, letter) in letters.enumerated() {
            if letter.isUppercase, index > 0, isWordStart(index, in: letters) { result.append("_") }
            result += letter.lowercased()
        }
        return result
    }

    private static func isWordStart(_ index: Int, in letters: [Character]) -> Bool {
        let previous = letters[index - 1]
        if previous == "_" || isInsideBinaryUnit(index, of: letters) { return false }
        if previous.isLowercase || previous.isNumber { return true }
        let next = letters.dropFirst(index + 1).first
        // The last capital of a run begins the next word, unless the run is a binary unit of its own.
        return next?.isLowercase == true && previous.isUppercase
    }

    /// Returns whether `index` is the `B` of KiB, MiB, GiB or TiB.
    private static func isInsideBinaryUnit(_ index: Int, of letters: [Character]) -> Bool {
        guard index >= 2, letters[index] == "B", letters[index - 1] == "i" else { return false }
        return ["K", "M", "G", "T"].contains(letters[index - 2])
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
