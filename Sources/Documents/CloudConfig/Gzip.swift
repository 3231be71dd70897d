/// Unpacks gzip (RFC 1952), so that content is checked before anything is done to a node.
package enum Gzip {
    /// The first two bytes of every gzip file.
    package static func isGzip(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// - Parameter limit: the most bytes the content may have: a few bytes can unpack to gigabytes.
    package static func decompress(_ bytes: [UInt8], limit: Int = 256 << 20) throws(EncodingError) -> [UInt8] {
        var output: [UInt8] = []
        var input = bytes[...]
        repeat {
            input = try readHeader(of: input)
            var inflater = Inflater(input: input, limit: limit)
            let start = output.count
            try inflater.run(into: &output)
            input = inflater.rest
            guard input.count >= 8 else { throw fault("it ends too early") }
            let checksum = littleEndian(input.prefix(4))
            let size = littleEndian(input.dropFirst(4).prefix(4))
            let member = output[start...]
            guard checksum == CRC32.checksum(of: member), size == UInt32(truncatingIfNeeded: member.count) else {
                throw fault("the checksum is wrong")
            }
            input = input.dropFirst(8)
        } while isGzip(input)
        return output
    }

    private static func readHeader(of input: ArraySlice<UInt8>) throws(EncodingError) -> ArraySlice<UInt8> {
        guard isGzip(input) else { throw fault("the first bytes are not those of gzip") }
        guard input.count >= 10, input[input.startIndex + 2] == 8 else { throw fault("the header is wrong") }
        let flags = input[input.startIndex + 3]
        var rest = input.dropFirst(10)
        if flags & 4 != 0 {
            guard rest.count >= 2 else { throw fault("it ends too early") }
            rest = rest.dropFirst(2 + Int(rest[rest.startIndex]) + Int(rest[rest.startIndex + 1]) << 8)
        }
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            rest = rest.drop { $0 != 0 }.dropFirst()
        }
        if flags & 2 != 0 { rest = rest.dropFirst(2) }
        return rest
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    static func fault(_ message: String) -> EncodingError {
        EncodingError(code: .gzip, message: "not gzip: \(message)")
    }
}

/// The checksum of gzip.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
    }
}
