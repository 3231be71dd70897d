import Basics
import NIOCore

/// HTTP/1: one request a connection, which the member is informed of.
///
/// So there is one head to look at, its body has a stated length, and what a client sends after it goes nowhere:
/// nothing can be smuggled past. Clients open another connection for their next request.
struct HTTP1ReadOnlyFilter {
    private enum State {
        case head([UInt8])
        /// So many bytes of the body are to come.
        case passing(left: Int)
        case inspecting(head: String, body: [UInt8], length: Int)
        case over
    }

    static let longestHead = 64 << 10
    /// etcd itself takes no transaction over 1.5 MiB.
    static let longestTransaction = 2 << 20

    private var state = State.head([])

    mutating func fromClient(_ bytes: ByteBuffer) -> Passage {
        switch state {
        case .head(let before): return head(before + bytes.readableBytesView)
        case .passing(let left): return pass(bytes.readableBytesView[...], left: left)
        case .inspecting(let head, let body, let length):
            return inspect(head, body + bytes.readableBytesView, length: length)
        case .over: return Passage()
        }
    }

    private mutating func head(_ bytes: [UInt8]) -> Passage {
        guard let end = HTTP1Head.end(in: bytes) else {
            if bytes.count > Self.longestHead { return refuse(431, "Request Header Fields Too Large", "long heads") }
            state = .head(bytes)
            return Passage()
        }
        guard let head = HTTP1Head(bytes[..<end]) else { return refuse(400, "Bad Request", "a request it cannot read") }
        guard let length = head.bodyLength else {
            return refuse(411, "Length Required", "bodies without a Content-Length")
        }
        switch ReadOnlyPolicy.verdict(method: head.method, path: head.path) {
        case .refuse:
            return refuse(head)
        case .pass:
            state = .passing(left: length)
            var passage = pass(bytes[end...], left: length)
            passage.toServer = ByteBuffer(bytes: Array(head.forwarded.utf8) + passage.toServer.readableBytesView)
            return passage
        case .inspect:
            guard length <= Self.longestTransaction else {
                return refuse(413, "Payload Too Large", "transactions over \(Self.longestTransaction) bytes")
            }
            var passage = inspect(head.forwarded, Array(bytes[end...]), length: length)
            if head.expectsContinue, passage.toServer.readableBytes == 0, passage.farewell == nil {
                passage.toClient = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
            }
            return passage
        }
    }

    private mutating func pass(_ bytes: some Collection<UInt8>, left: Int) -> Passage {
        let body = bytes.prefix(left)
        state = body.count == left ? .over : .passing(left: left - body.count)
        return Passage(toServer: ByteBuffer(bytes: body))
    }

    private mutating func inspect(_ head: String, _ body: [UInt8], length: Int) -> Passage {
        guard body.count >= length else {
            state = .inspecting(head: head, body: body, length: length)
            return Passage()
        }
        let body = body.prefix(length)
        guard TransactionInspection.onlyReads(json: String(decoding: body, as: UTF8.self)) else {
            return forbid("a transaction that writes")
        }
        state = .over
        return Passage(toServer: ByteBuffer(bytes: Array(head.utf8) + body))
    }

    // MARK: Refusals

    /// v2 clients know 501 from etcd's own read-only proxy; the JSON gateway's know gRPC's codes.
    private mutating func refuse(_ head: HTTP1Head) -> Passage {
        let what = "\(head.method) \(head.path.prefix { $0 != "?" })"
        return head.path.hasPrefix("/v3") ? forbid(what) : refuse(501, "Not Implemented", what)
    }

    private mutating func forbid(_ what: String) -> Passage {
        let message = JSONString.quoted(ReadOnlyPolicy.refusal(what))
        return answer(403, "Forbidden", "{\"error\":\(message),\"code\":7,\"message\":\(message)}")
    }

    private mutating func refuse(_ status: Int, _ reason: String, _ what: String) -> Passage {
        answer(status, reason, "{\"message\":\(JSONString.quoted(ReadOnlyPolicy.refusal(what)))}")
    }

    private mutating func answer(_ status: Int, _ reason: String, _ body: String) -> Passage {
        state = .over
        let text =
            "HTTP/1.1 \(status) \(reason)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count + 1)\r\nConnection: close\r\n\r\n\(body)\n"
        return Passage(farewell: text)
    }
}
