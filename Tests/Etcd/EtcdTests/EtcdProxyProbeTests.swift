import EtcdProxy
import Foundation
import Logging
import NIOCore
import Synchronization
import TestKit
import Testing

/// What members are asked for signs of life, and over how many connections.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EtcdProxyProbeTests {
    @Test func probesShareAConnection() async throws {
        try await withProbedMember(answersOnce: false) { member, _ in
            try await eventually("it is probed often") { member.probes >= 10 }
            // Two may have been under way at the beginning, when a member is probed as soon as it is known.
            #expect(member.connections <= 2)
        }
    }

    /// As a member that is started anew.
    @Test func aConnectionThatHasEndedIsNoSignOfDeath() async throws {
        try await withProbedMember(answersOnce: true) { member, port in
            try await eventually("it is probed often") { member.probes >= 10 }
            #expect(member.connections >= 10)
            #expect(await Loopback.http(port: port, path: "/version")?.status == 200)
        }
    }
}

/// A proxy in front of one member that is none.
private func withProbedMember(answersOnce: Bool, _ body: (ProbedMember, Int) async throws -> Void) async throws {
    let member = ProbedMember()
    let server = try LoopbackServer { member.serve($0, answersOnce: answersOnce) }
    defer { server.stop() }
    var configuration = ProxyConfiguration(
        listen: [Endpoint(host: "127.0.0.1", port: 0)],
        peers: [Endpoint(host: "127.0.0.1", port: server.port)],
    )
    configuration.probeInterval = .milliseconds(20)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let proxy = try EtcdProxyServer(configuration, logger: logger)
    let port = try await proxy.start().get()[0]
    let result: (any Error)?
    do {
        try await body(member, port)
        result = nil
    } catch {
        result = error
    }
    try await proxy.shutDown()
    if let result { throw result }
}

/// Answers the questions of a proxy, and counts them.
private final class ProbedMember: Sendable {
    private let counts = Mutex((probes: 0, connections: 0))

    var probes: Int { counts.withLock { $0.probes } }
    /// Connections over which it was probed.
    var connections: Int { counts.withLock { $0.connections } }

    func serve(_ socket: Int32, answersOnce: Bool) {
        var isFirst = true
        while let path = nextPath(on: socket) {
            if path != "/members" {
                counts.withLock { counts in
                    counts.probes += 1
                    if isFirst { counts.connections += 1 }
                }
                isFirst = false
            }
            answer(path, on: socket)
            if answersOnce { return }
        }
    }

    private func nextPath(on socket: Int32) -> String? {
        var received = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !received.contains("\r\n\r\n") {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            received += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return received.split(separator: " ").dropFirst().first.map(String.init)
    }

    private func answer(_ path: String, on socket: Int32) {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(socket, $0, &length) }
        }
        let url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let list = "[{\"peerURLs\":[\"\(url)\"],\"clientURLs\":[\"\(url)\"]}]"
        let body = path == "/members" ? list : "{\"health\":\"true\"}"
        let text = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        _ = Array(text.utf8).withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}
