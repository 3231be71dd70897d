import NIOCore

/// A frame of HTTP/2, as far as a filter needs to know it.
struct HTTP2Frame {
    enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let resetStream: UInt8 = 3
        static let settings: UInt8 = 4
        static let pushPromise: UInt8 = 5
        static let windowUpdate: UInt8 = 8
        static let continuation: UInt8 = 9
    }

    enum Flag {
        static let endStream: UInt8 = 0x1
        static let acknowledged: UInt8 = 0x1
        static let endHeaders: UInt8 = 0x4
        static let padded: UInt8 = 0x8
        static let priority: UInt8 = 0x20
    }

    var kind: UInt8
    var flags: UInt8 = 0
    var stream: UInt32
    var payload: [UInt8]

    func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

    var endsStream: Bool { (kind == Kind.data || kind == Kind.headers) && has(Flag.endStream) }

    /// Payload without padding and priority; nil when they do not fit.
    var content: [UInt8]? {
        var rest = payload[...]
        var padding = 0
        if has(Flag.padded) {
            guard let first = rest.popFirst() else { return nil }
            padding = Int(first)
        }
        if kind == Kind.headers, has(Flag.priority) {
            guard rest.count >= 5 else { return nil }
            rest = rest.dropFirst(5)
        }
        return rest.count >= padding ? Array(rest.dropLast(padding)) : nil
    }

    func write(to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(payload.count) << 8 | UInt32(kind))
        buffer.writeInteger(flags)
        buffer.writeInteger(stream)
        buffer.writeBytes(payload)
    }

    /// Takes the first whole frame off the buffer; nil while there is none.
    static func take(from buffer: inout ByteBuffer) -> HTTP2Frame? {
        let start = buffer.readerIndex
        guard let head = buffer.getInteger(at: start, as: UInt32.self),
            let flags = buffer.getInteger(at: start + 4, as: UInt8.self),
            let stream = buffer.getInteger(at: start + 5, as: UInt32.self),
            let payload = buffer.getBytes(at: start + 9, length: Int(head >> 8))
        else { return nil }
        buffer.moveReaderIndex(forwardBy: 9 + payload.count)
        return HTTP2Frame(
            kind: UInt8(truncatingIfNeeded: head),
            flags: flags,
            stream: stream & 0x7FFF_FFFF,
            payload: payload,
        )
    }

    static func windowUpdate(_ increment: Int) -> HTTP2Frame {
        HTTP2Frame(kind: Kind.windowUpdate, stream: 0, payload: bigEndian(UInt32(increment)))
    }

    static func resetStream(_ stream: UInt32, code: UInt32) -> HTTP2Frame {
        HTTP2Frame(kind: Kind.resetStream, stream: stream, payload: bigEndian(code))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        stride(from: UInt32(24), through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
