import NIOCore

/// Cuts a stream of bytes into lines.
struct LineSplitter {
    /// A line is one answer of a watch, at most etcd's largest request many times over.
    static let maximumLine = 64 << 20

    private var rest = ByteBuffer()

    /// - Returns: the lines that are complete now, without their ends.
    mutating func add(_ chunk: ByteBuffer) throws(EtcdError) -> [ByteBuffer] {
        rest.writeImmutableBuffer(chunk)
        var lines: [ByteBuffer] = []
        while let end = rest.readableBytesView.firstIndex(of: 10) {
            let length = end - rest.readerIndex
            if let line = rest.readSlice(length: length), length > 0 { lines.append(line) }
            rest.moveReaderIndex(forwardBy: 1)
        }
        guard rest.readableBytes <= Self.maximumLine else {
            throw EtcdError(.invalidAnswer, "etcd sends a line of more than \(Self.maximumLine) bytes")
        }
        rest.discardReadBytes()
        return lines
    }
}
