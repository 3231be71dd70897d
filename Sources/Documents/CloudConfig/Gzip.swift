import CZlib

/// Unpacks gzip (RFC 1952), so that content is checked before anything is done to a node.
package enum Gzip {
    /// The first two bytes of every gzip file.
    package static func isGzip(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// The content of all members; what follows the last one is ignored, as gzip(1) does.
    ///
    /// - Parameter limit: the most bytes the content may have: a few bytes can unpack to gigabytes.
    package static func decompress(_ bytes: [UInt8], limit: Int = 256 << 20) throws(PackingError) -> [UInt8] {
        guard isGzip(bytes) else { throw fault("the first bytes are not those of gzip") }
        var stream = z_stream()
        // 15: the largest window; 16: with gzip's header and checksum, and nothing else.
        let version = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard version == Z_OK else { throw fault("zlib does not start: \(version)") }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var rest = bytes[...]
        repeat {
            try inflateMember(&stream, &rest, into: &output, limit: limit)
            inflateReset(&stream)
        } while isGzip(rest)
        return output
    }

    /// Unpacks one member and takes it off `input`.
    private static func inflateMember(
        _ stream: inout z_stream,
        _ input: inout ArraySlice<UInt8>,
        into output: inout [UInt8],
        limit: Int,
    ) throws(PackingError) {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var result = Z_OK
        while result != Z_STREAM_END {
            let (given, room) = (min(input.count, 1 << 30), chunk.count)
            result = input.withUnsafeBufferPointer { source in
                chunk.withUnsafeMutableBufferPointer { target in
                    stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                    stream.avail_in = UInt32(given)
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(room)
                    return inflate(&stream, Z_NO_FLUSH)
                }
            }
            input = input.dropFirst(given - Int(stream.avail_in))
            output += chunk.prefix(room - Int(stream.avail_out))
            guard output.count <= limit else {
                throw PackingError(code: .tooLarge, message: "it unpacks to more than \(limit >> 20) MiB")
            }
            switch result {
            case Z_OK, Z_STREAM_END: continue
            case Z_BUF_ERROR: throw fault("it ends too early")
            default: throw fault(stream.msg.map { String(cString: $0) } ?? "zlib's error \(result)")
            }
        }
    }

    private static func fault(_ message: String) -> PackingError {
        PackingError(code: .gzip, message: "not gzip: \(message)")
    }
}
