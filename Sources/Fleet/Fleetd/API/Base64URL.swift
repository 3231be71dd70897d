/// URL-safe base64 as Go reads it, down to the byte at which it gives up: page tokens are refused with its message.
enum Base64URL {
    struct Corrupt: Error, Equatable {
        var position: Int
    }

    static func decode(_ text: String) throws(Corrupt) -> [UInt8] {
        let input = Array(text.utf8)
        var (bytes, index): ([UInt8], Int) = ([], 0)
        while true {
            var group: [UInt8] = []
            while group.count < 4 {
                guard index < input.count else {
                    guard !group.isEmpty else { return bytes }
                    throw Corrupt(position: index - group.count)
                }
                let byte = input[index]
                index += 1
                if isNewline(byte) { continue }
                if let digit = digit(byte) {
                    group.append(digit)
                } else {
                    guard byte == padding, group.count >= 2 else { throw Corrupt(position: index - 1) }
                    try readPadding(after: group.count, input, &index)
                    return bytes + joined(group)
                }
            }
            bytes += joined(group)
        }
    }

    private static let padding = UInt8(ascii: "=")
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func digit(_ byte: UInt8) -> UInt8? { alphabet.firstIndex(of: byte).map { UInt8($0) } }

    private static func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// The first `=` was read; two digits need another one, and nothing but newlines may follow.
    private static func readPadding(after count: Int, _ input: [UInt8], _ index: inout Int) throws(Corrupt) {
        if count == 2 {
            skipNewlines(input, &index)
            guard index < input.count else { throw Corrupt(position: input.count) }
            guard input[index] == padding else { throw Corrupt(position: index - 1) }
            index += 1
        }
        skipNewlines(input, &index)
        guard index == input.count else { throw Corrupt(position: index) }
    }

    private static func skipNewlines(_ input: [UInt8], _ index: inout Int) {
        while index < input.count, isNewline(input[index]) { index += 1 }
    }

    /// The bytes of two, three or four digits.
    private static func joined(_ group: [UInt8]) -> [UInt8] {
        let word = group.reduce(UInt32(0)) { $0 << 6 | UInt32($1) } << (UInt32(4 - group.count) * 6)
        return (0..<(group.count - 1)).map { UInt8(word >> (16 - UInt32($0) * 8) & 255) }
    }
}
