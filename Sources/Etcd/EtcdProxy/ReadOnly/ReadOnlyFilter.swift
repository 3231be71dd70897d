import NIOCore

/// Result of filtering bytes for a read-only proxy.
struct Passage {
    var toServer = ByteBuffer()
    var toClient = ByteBuffer()
    /// Response that ends the connection; nothing is passed on after it.
    var farewell: String?
    /// True when the bytes are not valid: the connection is closed.
    var isBroken = false

    static let broken = Passage(isBroken: true)
}

/// Stands between one client and one member, and lets through what changes nothing. A value: bytes in, bytes out.
///
/// HTTP/2 is known by the 24 bytes its clients begin with; everything else is HTTP/1.
struct ReadOnlyFilter {
    private enum Language {
        case unknown([UInt8])
        case http1(HTTP1ReadOnlyFilter)
        case http2(HTTP2ReadOnlyFilter)
    }

    private var language = Language.unknown([])

    mutating func fromClient(_ bytes: ByteBuffer) -> Passage {
        switch language {
        case .unknown(let before):
            return begin(before + bytes.readableBytesView)
        case .http1(var filter):
            language = .unknown([])
            defer { language = .http1(filter) }
            return filter.fromClient(bytes)
        case .http2(var filter):
            language = .unknown([])
            defer { language = .http2(filter) }
            return filter.fromClient(bytes)
        }
    }

    mutating func fromServer(_ bytes: ByteBuffer) -> Passage {
        guard case .http2(var filter) = language else { return Passage(toClient: bytes) }
        language = .unknown([])
        defer { language = .http2(filter) }
        return filter.fromServer(bytes)
    }

    private mutating func begin(_ bytes: [UInt8]) -> Passage {
        let preface = HTTP2ReadOnlyFilter.preface
        if preface.starts(with: bytes), bytes.count < preface.count {
            language = .unknown(bytes)
            return Passage()
        }
        let isHTTP2 = bytes.starts(with: preface)
        language = isHTTP2 ? .http2(HTTP2ReadOnlyFilter()) : .http1(HTTP1ReadOnlyFilter())
        guard isHTTP2 else { return fromClient(ByteBuffer(bytes: bytes)) }
        var passage = fromClient(ByteBuffer(bytes: bytes.dropFirst(preface.count)))
        passage.toServer = ByteBuffer(bytes: preface + passage.toServer.readableBytesView)
        return passage
    }
}

/// One connection's filter, for the handlers of its two sides.
final class SharedFilter {
    var value = ReadOnlyFilter()
}
