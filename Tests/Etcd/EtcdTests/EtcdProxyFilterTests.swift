import Basics
import NIOCore
import NIOHPACK
import TestKit
import Testing

@testable import EtcdProxy

/// What a read-only proxy makes of single requests, byte by byte.
@Suite struct EtcdProxyFilterTests {
    @Test(arguments: [
        ("GET", "/v2/keys/a"), ("HEAD", "/v2/keys/a"), ("POST", "/v3/kv/range"), ("POST", "/v3beta/watch"),
        ("GET", "/v3/kv/put"),
    ])
    func passes(method: String, path: String) {
        #expect(ReadOnlyPolicy.verdict(method: method, path: path) == .pass)
    }

    @Test(arguments: [
        ("PUT", "/v2/keys/a"), ("POST", "/v2/keys/a"), ("POST", "/v3/kv/put"), ("POST", "/v3/kv/%72ange"),
        ("POST", "//v3/kv/range"), ("POST", "/v3/lease/grant"), ("POST", "/v3/kv/range/../put"), ("CONNECT", "/"),
        ("PATCH", "/v3/kv/range"), ("POST", "/v4/kv/range"),
    ])
    func refuses(method: String, path: String) {
        #expect(ReadOnlyPolicy.verdict(method: method, path: path) == .refuse)
    }

    @Test func transactionsAreLookedInto() {
        #expect(ReadOnlyPolicy.verdict(call: "/etcdserverpb.KV/Txn") == .inspect)
        #expect(ReadOnlyPolicy.verdict(call: "/etcdserverpb.KV/Range") == .pass)
        #expect(ReadOnlyPolicy.verdict(call: "/etcdserverpb.KV/Put") == .refuse)
        #expect(ReadOnlyPolicy.verdict(call: "/etcdserverpb.KV/NotYetInvented") == .refuse)
        #expect(TransactionInspection.onlyReads(grpc: [0, 0, 0, 0, 0]))
        #expect(TransactionInspection.onlyReads(grpc: message([0x12, 0x02, 0x0A, 0x00])))
        #expect(!TransactionInspection.onlyReads(grpc: message([0x12, 0x02, 0x12, 0x00])), "a put")
        #expect(!TransactionInspection.onlyReads(grpc: message([0x1A, 0x02, 0x1A, 0x00])), "a deletion, else")
        #expect(
            !TransactionInspection.onlyReads(grpc: message([0x12, 0x06, 0x22, 0x04, 0x12, 0x02, 0x12, 0x00])),
            "nested"
        )
        #expect(TransactionInspection.onlyReads(grpc: message([0x12, 0x06, 0x22, 0x04, 0x12, 0x02, 0x0A, 0x00])))
        #expect(!TransactionInspection.onlyReads(grpc: message([0x22, 0x00])), "a field nobody knows")
        #expect(!TransactionInspection.onlyReads(grpc: message([0x12, 0x7F])), "cut off")
        #expect(!TransactionInspection.onlyReads(grpc: [1, 0, 0, 0, 0]), "compressed")
        #expect(!TransactionInspection.onlyReads(json: #"{"success":[{"requestPut":{}}]}"#))
        #expect(!TransactionInspection.onlyReads(json: #"{"success":[{"request\u0050ut":{}}]}"#))
        #expect(!TransactionInspection.onlyReads(json: #"{"success":{"0":{"requestPut":{}}}}"#))
        #expect(!TransactionInspection.onlyReads(json: "[]"))
        #expect(TransactionInspection.onlyReads(json: #"{"compare":[],"success":[{"requestRange":{}}],"failure":[]}"#))
    }

    private func message(_ bytes: [UInt8]) -> [UInt8] { [0, 0, 0, 0, UInt8(bytes.count)] + bytes }

    // MARK: HTTP/1

    @Test func headsAreOneRequestsOnly() throws {
        var filter = ReadOnlyFilter()
        var sent = ""
        // However the bytes come.
        for byte in "GET /v2/keys/a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nX: y\r\n\r\nPUT /".utf8 {
            let passage = filter.fromClient(ByteBuffer(bytes: [byte]))
            sent += String(buffer: passage.toServer)
            #expect(passage.farewell == nil)
        }
        #expect(sent == "GET /v2/keys/a HTTP/1.1\r\nHost: x\r\nX: y\r\nConnection: close\r\n\r\n")
    }

    @Test(arguments: [
        "GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n": 400,
        "GET /a HTTP/1.1\r\nContent-Length: +1\r\n\r\n": 400,
        "GET /a HTTP/1.1\r\n Folded: x\r\n\r\n": 400,
        "GET /a HTTP/1.1\r\nX : y\r\n\r\n": 400,
        "GET /a\r\n\r\n": 400,
        "get /a HTTP/1.1\r\n\r\n": 400,
        "GET http://x/a HTTP/1.1\r\n\r\n": 400,
        "GET /a HTTP/1.1\r\nX: \rPUT /b\r\n\r\n": 400,
        "POST /v3/kv/range HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n": 411,
        "POST /v3/kv/txn HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n": 413,
        "PUT /v2/keys/a HTTP/1.1\r\n\r\n": 501,
        "POST /v3/kv/put HTTP/1.1\r\nContent-Length: 0\r\n\r\n": 403,
    ])
    func answersInTheMembersPlace(request: String, status: Int) {
        var filter = ReadOnlyFilter()
        let passage = filter.fromClient(ByteBuffer(string: request))
        #expect(passage.toServer.readableBytes == 0)
        #expect(passage.farewell?.hasPrefix("HTTP/1.1 \(status) ") == true, "\(passage.farewell ?? "nothing")")
    }

    // MARK: HTTP/2

    @Test func refusedStreamsNeverReachTheMember() throws {
        var peer = HTTP2Peer()
        _ = peer.filter.fromClient(ByteBuffer(bytes: HTTP2ReadOnlyFilter.preface))
        let settings = HTTP2Frame(kind: HTTP2Frame.Kind.settings, stream: 0, payload: [])
        #expect(peer.fromServer(settings).toClient.map(\.kind) == [HTTP2Frame.Kind.settings])
        // The same head again comes from the table of heads.
        let range = "/etcdserverpb.KV/Range"
        #expect(try peer.open(1, range).toServer.map(\.stream) == [1])
        let put = try peer.open(3, "/etcdserverpb.KV/Put")
        #expect(put.toServer.isEmpty)
        #expect(put.toClient.map(\.kind) == [HTTP2Frame.Kind.headers, HTTP2Frame.Kind.resetStream])
        #expect(put.toClient.allSatisfy { $0.stream == 3 })
        let data = peer.fromClient(HTTP2Frame(kind: HTTP2Frame.Kind.data, flags: 1, stream: 3, payload: [1, 2, 3]))
        #expect(data.toServer.isEmpty)
        #expect(data.toClient.map(\.payload) == [[0, 0, 0, 3]], "the window is given back")
        let window = HTTP2Frame(kind: HTTP2Frame.Kind.windowUpdate, stream: 3, payload: [0, 0, 0, 1])
        #expect(peer.fromClient(window).toServer.isEmpty)
        #expect(try peer.open(5, range).toServer.map(\.stream) == [5])
    }

    @Test func answersWaitForTheMembersFirstFrameAndTheEndOfItsHeads() throws {
        var peer = HTTP2Peer()
        _ = peer.filter.fromClient(ByteBuffer(bytes: HTTP2ReadOnlyFilter.preface))
        #expect(try peer.open(1, "/etcdserverpb.KV/Put").toClient.isEmpty)
        let settings = HTTP2Frame(kind: HTTP2Frame.Kind.settings, stream: 0, payload: [])
        #expect(peer.fromServer(settings).toClient.map(\.stream) == [0, 1, 1])
        #expect(peer.fromServer(HTTP2Frame(kind: HTTP2Frame.Kind.headers, stream: 9, payload: [])).toClient.count == 1)
        #expect(try peer.open(3, "/etcdserverpb.KV/Put").toClient.isEmpty)
        let end = HTTP2Frame(
            kind: HTTP2Frame.Kind.continuation,
            flags: HTTP2Frame.Flag.endHeaders,
            stream: 9,
            payload: []
        )
        #expect(peer.fromServer(end).toClient.map(\.stream) == [9, 3, 3])
    }

    @Test func nonsenseClosesTheConnection() {
        for frame in [
            HTTP2Frame(kind: HTTP2Frame.Kind.continuation, stream: 1, payload: []),
            HTTP2Frame(
                kind: HTTP2Frame.Kind.headers,
                flags: HTTP2Frame.Flag.endHeaders,
                stream: 1,
                payload: [0xFF, 0xFF]
            ),
            HTTP2Frame(kind: HTTP2Frame.Kind.headers, flags: HTTP2Frame.Flag.padded, stream: 1, payload: [9, 0]),
            HTTP2Frame(kind: HTTP2Frame.Kind.pushPromise, stream: 1, payload: []),
        ] {
            var peer = HTTP2Peer()
            _ = peer.filter.fromClient(ByteBuffer(bytes: HTTP2ReadOnlyFilter.preface))
            #expect(peer.fromClient(frame).isBroken)
        }
    }

    /// Random bytes are refused or ignored, and never trap.
    @Test func anyBytesAreSurvived() {
        var random = SeededGenerator(seed: 7)
        for round in 0..<300 {
            var filter = ReadOnlyFilter()
            if round.isMultiple(of: 2) { _ = filter.fromClient(ByteBuffer(bytes: HTTP2ReadOnlyFilter.preface)) }
            for _ in 0..<8 {
                let bytes = (0..<Int.random(in: 1...64, using: &random)).map { _ in
                    UInt8.random(in: 0...(Bool.random(using: &random) ? 255 : 9), using: &random)
                }
                if filter.fromClient(ByteBuffer(bytes: bytes)).isBroken { break }
                if filter.fromServer(ByteBuffer(bytes: bytes)).isBroken { break }
            }
        }
    }
}

/// A client and a member around a filter, in frames.
private struct HTTP2Peer {
    struct Seen {
        var toServer: [HTTP2Frame]
        var toClient: [HTTP2Frame]
        var isBroken: Bool

        init(_ passage: Passage) {
            (toServer, toClient) = (Self.frames(passage.toServer), Self.frames(passage.toClient))
            isBroken = passage.isBroken
        }

        private static func frames(_ buffer: ByteBuffer) -> [HTTP2Frame] {
            var (buffer, frames) = (buffer, [HTTP2Frame]())
            while let frame = HTTP2Frame.take(from: &buffer) { frames.append(frame) }
            return frames
        }
    }

    var filter = ReadOnlyFilter()
    private var encoder = HPACKEncoder(allocator: ByteBufferAllocator())

    mutating func fromClient(_ frame: HTTP2Frame) -> Seen { Seen(filter.fromClient(Self.buffer(frame))) }
    mutating func fromServer(_ frame: HTTP2Frame) -> Seen { Seen(filter.fromServer(Self.buffer(frame))) }

    mutating func open(_ stream: UInt32, _ path: String) throws -> Seen {
        let headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": path, ":authority": "x", "content-type": "application/grpc",
        ]
        var block = ByteBuffer()
        try encoder.encode(headers: headers, to: &block)
        let payload = Array(block.readableBytesView)
        let flags = HTTP2Frame.Flag.endHeaders
        return fromClient(HTTP2Frame(kind: HTTP2Frame.Kind.headers, flags: flags, stream: stream, payload: payload))
    }

    private static func buffer(_ frame: HTTP2Frame) -> ByteBuffer {
        var buffer = ByteBuffer()
        frame.write(to: &buffer)
        return buffer
    }
}
