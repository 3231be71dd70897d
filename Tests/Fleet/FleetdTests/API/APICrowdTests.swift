import ConnectionLimits
import Foundation
import NIOCore
import NIOEmbedded
import NIOSSL
import TestKit
import Testing
import TransportSecurity

@testable import Fleetd

/// Connections by the thousand that ask for nothing.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct APICrowdTests {
    let etcd = FakeEtcd()
    /// Fewer than a crowd has connections.
    private static let places = 100

    /// Serves on TCP and on a unix socket while `body` runs.
    private func serve(
        _ tls: TLSIdentity?,
        _ budget: ConnectionBudget,
        _ body: (_ port: Int, _ socket: String) async throws -> Void,
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory)/fleet.sock"
            let listeners: [APIListener] = [.tcp(host: "127.0.0.1", port: 0), .unix(path: path)]
            try await withServedAPI(etcd, on: listeners, tls: tls, budget: budget) { try await body($0, path) }
        }
    }

    @Test(arguments: [[], Array("GET /fleet".utf8)]) func saysNothingOrHalfAWord(_ words: [UInt8]) async throws {
        let budget = ConnectionBudget(Self.places)
        try await serve(nil, budget) { port, socket in
            let crowd = try await IdleCrowd.gather(on: port, saying: words)
            #expect(budget.count <= Self.places)
            #expect(try await send("GET", "http://127.0.0.1:\(port)/fleet/v1/units").status == 200)
            #expect(
                try await send("GET", "http+unix://\(socket.replacing("/", with: "%2F"))/fleet/v1/units").status == 200
            )
            withExtendedLifetime(crowd) {}
        }
    }

    /// Half a greeting, and a whole one after which nothing comes.
    @Test(arguments: [0, 1, 2]) func stopsInTheMiddleOfAHandshake(_ kind: Int) async throws {
        let files = try TestCertificates()
        let client = files.client.configuration
        let words = try [[], IdleCrowd.halfHandshake, clientHello()][kind]
        let budget = ConnectionBudget(Self.places)
        try await serve(files.files("server").identity(.server), budget) { port, socket in
            let crowd = try await IdleCrowd.gather(on: port, saying: words)
            #expect(budget.count <= Self.places)
            #expect(try await send("GET", "https://127.0.0.1:\(port)/fleet/v1/units", tls: client).status == 200)
            #expect(
                try await send("GET", "http+unix://\(socket.replacing("/", with: "%2F"))/fleet/v1/units").status == 200
            )
            withExtendedLifetime(crowd) {}
        }
    }

    /// A request whose body does not come ends in time, and so does one that comes a byte at a time.
    @Test func bodiesThatDoNotComeAreNotWaitedFor() async throws {
        let budget = ConnectionBudget(20, .init(head: .seconds(10), body: .milliseconds(300)))
        try await serve(nil, budget) { port, _ in
            let words = "PUT /fleet/v1/units/x.service HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
            let crowd = try await IdleCrowd.gather(20, on: port, saying: Array(words.utf8))
            try await eventually("they are closed") { budget.count == 0 }
            withExtendedLifetime(crowd) {}
        }
    }

    private func clientHello() throws -> [UInt8] {
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let channel = EmbeddedChannel(handler: try NIOSSLClientHandler(context: context, serverHostname: nil))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return try channel.readOutbound(as: ByteBuffer.self).map { Array($0.readableBytesView) } ?? []
    }
}
