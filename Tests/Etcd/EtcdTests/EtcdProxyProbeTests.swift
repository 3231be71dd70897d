import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestKit
import Testing

@testable import EtcdProxy

/// What members are asked for signs of life, and over how many connections.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EtcdProxyProbeTests {
    @Test func probesShareAConnection() async throws {
        try await withProbedMember(answersOnce: false) { member, _ in
            try await eventually("it is probed often") { member.probes >= 10 }
            // Two may have been under way at the beginning, when a member is probed as soon as it is known.
            #expect(member.connections <= 2)
        }
    }

    /// It has had its time: another question would take as long once more.
    @Test func aMemberThatHangsIsNotAskedTwice() async throws {
        let connections = Mutex(0)
        let server = try LoopbackServer { socket in
            let number = connections.withLock { connections in
                connections += 1
                return connections
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            guard recv(socket, &buffer, buffer.count, 0) > 0 else { return }
            if number == 1 { answerAsMember("/version", on: socket) }
            // It reads, and says nothing, until the proxy hangs up.
            while recv(socket, &buffer, buffer.count, 0) > 0 {}
        }
        defer { server.stop() }
        let endpoint = Endpoint(host: "127.0.0.1", port: server.port)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let (first, second) = (loop.makePromise(of: Int.self), loop.makePromise(of: Int.self))
        loop.execute {
            let member = MemberConnection(endpoint, on: loop.assumeIsolated(), tls: nil)
            member.get("/version", within: .seconds(30)) { result in
                first.completeWith(result.map(\.status))
                member.get("/version", within: .milliseconds(100)) { result in
                    second.completeWith(result.map(\.status))
                    member.close()
                }
            }
        }
        #expect(try await first.futureResult.get() == 200)
        await #expect(throws: (any Error).self) { try await second.futureResult.get() }
        #expect(connections.withLock { $0 } == 1)
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
            answerAsMember(path, on: socket)
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
}
