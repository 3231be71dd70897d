import EtcdProxy
import Foundation
import Logging
import NIOCore
import Synchronization
import TestKit
import Testing

/// How bytes get through: both ways, to the last one, and no faster than they are taken.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EtcdProxyRelayTests {
    @Test func endOfOneDirectionLeavesTheOtherOpen() async throws {
        try await withRelay { socket in
            try sendAll("UPLOAD\n\n" + String(repeating: "x", count: 300_000), to: socket)
            shutdown(socket, Int32(SHUT_WR))
            #expect(try receiveAll(from: socket) == Array("300008".utf8))
        }
    }

    @Test func everythingArrivesWhenTheServerClosesFirst() async throws {
        try await withRelay { socket in
            try sendAll("DOWNLOAD 5000000\n\n", to: socket)
            #expect(try receiveAll(from: socket).count == 5_000_000)
        }
    }

    @Test func serverIsSlowedByAClientThatDoesNotRead() async throws {
        let size = 200_000_000
        try await withRelay { socket, sent in
            try sendAll("DOWNLOAD \(size)\n\n", to: socket)
            // The sender has come to a stand when its count stays the same for a while.
            var last = -1
            try await eventually("the sender stands still") {
                let now = sent.load(ordering: .relaxed)
                defer { last = now }
                try await Task.sleep(for: .milliseconds(100))
                return now > 0 && now == last
            }
            #expect(last < size / 4, "\(last) bytes are under way")
        }
    }
}

private func withRelay(_ body: (Int32) async throws -> Void) async throws {
    try await withRelay { socket, _ in try await body(socket) }
}

/// A proxy in front of one member that is none, and a client's connection to it.
private func withRelay(_ body: (Int32, borrowing Atomic<Int>) async throws -> Void) async throws {
    let sent = Counter()
    let member = try LoopbackServer { serve($0, sent) }
    defer { member.stop() }
    let endpoint = Endpoint(host: "127.0.0.1", port: member.port)
    let anywhere = Endpoint(host: "127.0.0.1", port: 0)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try EtcdProxyServer(ProxyConfiguration(listen: [anywhere], peers: [endpoint]), logger: logger)
    let ports = try await server.start().get()
    let socket = try Loopback.connection(to: ports[0])
    let result: (any Error)?
    do {
        try await body(socket, sent.value)
        result = nil
    } catch {
        result = error
    }
    close(socket)
    try await server.shutDown()
    if let result { throw result }
}

private final class Counter: Sendable {
    let value = Atomic<Int>(0)
}

/// Plays a member: a member list, signs of life, and two commands of the test's own.
private func serve(_ socket: Int32, _ sent: Counter) {
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while !received.contains(UInt8(ascii: "\n")) {
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return }
        received += buffer[..<count]
    }
    let words = String(decoding: received.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self).split(separator: " ")
    switch words.first {
    case "UPLOAD":
        var total = received.count
        while case let count = recv(socket, &buffer, buffer.count, 0), count > 0 { total += count }
        _ = try? sendAll("\(total)", to: socket)
    case "DOWNLOAD":
        let size = Int(words[1]) ?? 0
        while case let left = size - sent.value.load(ordering: .relaxed), left > 0 {
            let count = send(socket, buffer, min(buffer.count, left), Int32(MSG_NOSIGNAL))
            guard count > 0 else { return }
            sent.value.add(count, ordering: .relaxed)
        }
    default:
        answerAsMember(String(words[1]), on: socket)
    }
}

/// Answers as a member of etcd that is its cluster's only one.
func answerAsMember(_ path: String, on socket: Int32) {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(socket, $0, &length) }
    }
    let url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    let list = "[{\"peerURLs\":[\"\(url)\"],\"clientURLs\":[\"\(url)\"]}]"
    let body = path == "/members" ? list : "{\"health\":\"true\"}"
    _ = try? sendAll("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", to: socket)
}

private func sendAll(_ text: String, to socket: Int32) throws {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { throw POSIXFailure("send") }
        rest = rest.dropFirst(count)
    }
}

private func receiveAll(from socket: Int32) throws -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count >= 0 else { throw POSIXFailure("receive") }
        if count == 0 { return all }
        all += buffer[..<count]
    }
}
