import NIOCore
import NIOHPACK

/// HTTP/2: looks at the head of every stream a client opens, and answers those in the member's place that write.
///
/// A refused stream never reaches the member. Both sides compress heads with tables they keep in step, so heads are
/// decoded here and written anew without tables. A transaction's stream is opened at once, since streams must be opened
/// in order; its message waits here until it was looked at.
struct HTTP2ReadOnlyFilter {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// A stream's first window: what a client may send before it hears of the member.
    static let longestTransaction = 65_535
    static let largestFrame = 1 << 20
    static let longestHead = 64 << 10

    private var clientBytes = ByteBuffer()
    private var serverBytes = ByteBuffer()
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    private var encoder = HPACKEncoder(
        allocator: ByteBufferAllocator(),
        useHuffmanEncoding: false,
        maxDynamicTableSize: 0,
    )
    /// A head of which more frames are to come.
    private var openHead: (frame: HTTP2Frame, block: [UInt8])?
    private var lastStream: UInt32 = 0
    private var refused = RecentStreams()
    private var inspected: [UInt32: [UInt8]] = [:]
    /// The member's first frame has passed, and no head of it is open: others may stand between its frames.
    private var serverIsBetweenFrames = false
    private var waitingForClient = ByteBuffer()

    // MARK: From the client

    mutating func fromClient(_ bytes: ByteBuffer) -> Passage {
        var passage = Passage()
        clientBytes.writeImmutableBuffer(bytes)
        while let frame = HTTP2Frame.take(from: &clientBytes) {
            guard handle(frame, &passage) else { return .broken }
        }
        clientBytes.discardReadBytes()
        guard clientBytes.readableBytes <= Self.largestFrame else { return .broken }
        if serverIsBetweenFrames { passage.toClient.writeBuffer(&waitingForClient) }
        return passage
    }

    /// False for what is against the protocol.
    private mutating func handle(_ frame: HTTP2Frame, _ passage: inout Passage) -> Bool {
        if openHead != nil || frame.kind == HTTP2Frame.Kind.continuation {
            return continueHead(frame, &passage)
        }
        switch frame.kind {
        case HTTP2Frame.Kind.headers:
            guard let block = frame.content else { return false }
            openHead = (frame, block)
            return frame.has(HTTP2Frame.Flag.endHeaders) ? endHead(&passage) : true
        case HTTP2Frame.Kind.pushPromise:
            return false
        case HTTP2Frame.Kind.data:
            return data(frame, &passage)
        default:
            if refused.contains(frame.stream) { return true }
            if frame.kind == HTTP2Frame.Kind.resetStream { inspected[frame.stream] = nil }
            frame.write(to: &passage.toServer)
            return true
        }
    }

    private mutating func continueHead(_ frame: HTTP2Frame, _ passage: inout Passage) -> Bool {
        guard frame.kind == HTTP2Frame.Kind.continuation, let head = openHead, head.frame.stream == frame.stream,
            head.block.count + frame.payload.count <= Self.longestHead
        else { return false }
        openHead = (head.frame, head.block + frame.payload)
        return frame.has(HTTP2Frame.Flag.endHeaders) ? endHead(&passage) : true
    }

    private mutating func endHead(_ passage: inout Passage) -> Bool {
        guard let (frame, bytes) = openHead else { return false }
        openHead = nil
        var block = ByteBuffer(bytes: bytes)
        guard let headers = try? decoder.decodeHeaders(from: &block) else { return false }
        let stream = frame.stream
        guard stream > lastStream else { return trailers(frame, headers, &passage) }
        lastStream = stream
        let path = headers.first(name: ":path") ?? ""
        let verdict = Self.verdict(headers, path)
        if verdict == .refuse || (verdict == .inspect && frame.endsStream) {
            refuse(stream, path, isEnded: frame.endsStream)
            return true
        }
        if verdict == .inspect { inspected[stream] = [] }
        return forward(headers, of: frame, &passage)
    }

    /// Over TLS a member takes what is not gRPC for a request like any other.
    private static func verdict(_ headers: HPACKHeaders, _ path: String) -> ReadOnlyPolicy.Verdict {
        let method = headers.first(name: ":method") ?? ""
        if headers.first(name: "content-type")?.hasPrefix("application/grpc") == true {
            return method == "POST" ? ReadOnlyPolicy.verdict(call: path) : .refuse
        }
        let verdict = ReadOnlyPolicy.verdict(method: method, path: path)
        return verdict == .inspect ? .refuse : verdict
    }

    /// A head that ends a stream: gRPC's clients send none.
    private mutating func trailers(_ frame: HTTP2Frame, _ headers: HPACKHeaders, _ passage: inout Passage) -> Bool {
        if refused.contains(frame.stream) { return true }
        if inspected[frame.stream] != nil { return endInspection(frame.stream, nil, &passage) }
        return forward(headers, of: frame, &passage)
    }

    private mutating func forward(_ headers: HPACKHeaders, of frame: HTTP2Frame, _ passage: inout Passage) -> Bool {
        var block = ByteBuffer()
        guard (try? encoder.encode(headers: headers, to: &block)) != nil else { return false }
        var kind = HTTP2Frame.Kind.headers
        var flags = frame.flags & HTTP2Frame.Flag.endStream
        repeat {
            // What every peer takes as one frame.
            let part = block.readBytes(length: min(16_384, block.readableBytes)) ?? []
            if block.readableBytes == 0 { flags |= HTTP2Frame.Flag.endHeaders }
            HTTP2Frame(kind: kind, flags: flags, stream: frame.stream, payload: part).write(to: &passage.toServer)
            (kind, flags) = (HTTP2Frame.Kind.continuation, 0)
        } while block.readableBytes > 0
        return true
    }

    private mutating func data(_ frame: HTTP2Frame, _ passage: inout Passage) -> Bool {
        if refused.contains(frame.stream) {
            giveBack(frame.payload.count)
            return true
        }
        guard let before = inspected[frame.stream] else {
            frame.write(to: &passage.toServer)
            return true
        }
        guard let content = frame.content else { return false }
        // The padding does not go on.
        giveBack(frame.payload.count - content.count)
        let message = before + content
        inspected[frame.stream] = message
        if message.count > Self.longestTransaction {
            return endInspection(frame.stream, nil, isEnded: frame.endsStream, &passage)
        }
        return frame.endsStream ? endInspection(frame.stream, message, &passage) : true
    }

    /// - Parameter message: nil for one that cannot be looked into.
    private mutating func endInspection(
        _ stream: UInt32,
        _ message: [UInt8]?,
        isEnded: Bool = true,
        _ passage: inout Passage,
    ) -> Bool {
        let held = inspected.removeValue(forKey: stream) ?? []
        if let message, TransactionInspection.onlyReads(grpc: message) {
            var rest = message[...]
            repeat {
                let part = Array(rest.prefix(16_384))
                rest = rest.dropFirst(part.count)
                let flags = rest.isEmpty ? HTTP2Frame.Flag.endStream : 0
                HTTP2Frame(kind: HTTP2Frame.Kind.data, flags: flags, stream: stream, payload: part)
                    .write(to: &passage.toServer)
            } while !rest.isEmpty
            return true
        }
        giveBack(held.count)
        // The member has seen the head and no message: cancel.
        HTTP2Frame.resetStream(stream, code: 8).write(to: &passage.toServer)
        refuse(stream, "a transaction that writes", isEnded: isEnded)
        return true
    }

    // MARK: Answers in the member's place

    private mutating func refuse(_ stream: UInt32, _ what: String, isEnded: Bool) {
        refused.insert(stream)
        let message = ReadOnlyPolicy.refusal(what).utf8.map { byte in
            (0x20...0x7E).contains(byte) && byte != 0x25 ? String(UnicodeScalar(byte)) : "?"
        }
        // Not to be indexed: the member knows nothing of these, and its table of heads is the client's too.
        var headers = HPACKHeaders()
        headers.add(name: ":status", value: "200", indexing: .nonIndexable)
        headers.add(name: "content-type", value: "application/grpc", indexing: .nonIndexable)
        headers.add(name: "grpc-status", value: "7", indexing: .nonIndexable)
        headers.add(name: "grpc-message", value: message.joined(), indexing: .nonIndexable)
        var block = ByteBuffer()
        // Texts of this program's own making are always encoded.
        guard (try? encoder.encode(headers: headers, to: &block)) != nil else { return }
        let flags = HTTP2Frame.Flag.endHeaders | HTTP2Frame.Flag.endStream
        let payload = Array(block.readableBytesView)
        HTTP2Frame(kind: HTTP2Frame.Kind.headers, flags: flags, stream: stream, payload: payload)
            .write(to: &waitingForClient)
        if !isEnded { HTTP2Frame.resetStream(stream, code: 0).write(to: &waitingForClient) }
    }

    /// Restores the connection's window by the bytes that were kept from the member.
    private mutating func giveBack(_ count: Int) {
        if count > 0 { HTTP2Frame.windowUpdate(count).write(to: &waitingForClient) }
    }

    // MARK: From the member

    mutating func fromServer(_ bytes: ByteBuffer) -> Passage {
        var passage = Passage()
        serverBytes.writeImmutableBuffer(bytes)
        while let frame = HTTP2Frame.take(from: &serverBytes) {
            // A member that answers a call it was not asked: its table of heads and the client's would part.
            if refused.contains(frame.stream) {
                guard frame.kind != HTTP2Frame.Kind.headers else { return .broken }
                continue
            }
            if frame.kind == HTTP2Frame.Kind.settings { learn(frame) }
            frame.write(to: &passage.toClient)
            let isHead = frame.kind == HTTP2Frame.Kind.headers || frame.kind == HTTP2Frame.Kind.continuation
            serverIsBetweenFrames = !isHead || frame.has(HTTP2Frame.Flag.endHeaders)
            if serverIsBetweenFrames { passage.toClient.writeBuffer(&waitingForClient) }
        }
        serverBytes.discardReadBytes()
        return serverBytes.readableBytes <= Self.largestFrame * 16 ? passage : .broken
    }

    /// Applies the member's limit of the client's header table.
    private mutating func learn(_ frame: HTTP2Frame) {
        guard !frame.has(HTTP2Frame.Flag.acknowledged) else { return }
        var payload = ByteBuffer(bytes: frame.payload)
        while let (name, value) = payload.readMultipleIntegers(as: (UInt16, UInt32).self) {
            if name == 1 { decoder.maxDynamicTableLength = Int(min(value, 1 << 20)) }
        }
    }
}

/// The last streams that were refused: what a client had sent on them before it heard of it is still to come.
private struct RecentStreams {
    private static let limit = 512
    private var order: [UInt32] = []
    private var streams: Set<UInt32> = []

    func contains(_ stream: UInt32) -> Bool { streams.contains(stream) }

    mutating func insert(_ stream: UInt32) {
        order.append(stream)
        streams.insert(stream)
        guard order.count > Self.limit * 2 else { return }
        order.removeFirst(Self.limit)
        streams = Set(order)
    }
}
