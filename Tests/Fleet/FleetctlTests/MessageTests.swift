import AsyncHTTPClient
import Etcd
import FleetAPI
import Foundation
import NIOCore
import TestKit
import Testing

@testable import Fleetctl

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What people are told holds nothing of the libraries that fleetctl is made of.
@Suite(.timeLimit(.minutes(5)))
struct MessageTests {
    /// Servers that do not do what they should.
    enum Trouble: String, CaseIterable, Sendable {
        case refused, closed, garbage, plainForTLS, noSuchHost, noSuchSocket, otherJSON
    }

    private func withServer(_ trouble: Trouble, _ body: (_ url: String) async throws -> Void) async throws {
        let answer =
            switch trouble {
            case .garbage, .plainForTLS: "\u{1}\u{2} this is not HTTP\r\n\r\n"
            case .otherJSON: "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"units\": 7}"
            default: ""
            }
        let server = try LoopbackServer { connection in
            var bytes = [UInt8](repeating: 0, count: 4096)
            guard read(connection, &bytes, bytes.count) > 0 else { return }
            _ = write(connection, answer, answer.utf8.count)
        }
        let port = server.port
        defer { server.stop() }
        switch trouble {
        // Nobody listens below 1024 here, while any other port may be taken by another test.
        case .refused: try await body("http://127.0.0.1:1")
        case .plainForTLS: try await body("https://127.0.0.1:\(port)")
        case .noSuchHost: try await body("http://no-such-host.invalid:1")
        case .noSuchSocket: try await body("unix:///no/such/socket")
        default: try await body("http://127.0.0.1:\(port)")
        }
    }

    private func expectPlain(_ text: String, _ source: SourceLocation = #_sourceLocation) {
        LibraryWords.expectNone(in: text, sourceLocation: source)
    }

    @Test(arguments: Trouble.allCases)
    func fleetThatIsNotThere(_ trouble: Trouble) async throws {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        try await withServer(trouble) { url in
            let transport = HTTPTransport(endpoint: try FleetEndpoint(url), client: http, timeout: .seconds(50))
            let start = ContinuousClock.now
            let error = await #expect(throws: FleetctlError.self) { try await FleetClient(transport).units() }
            expectPlain("\(try #require(error))")
            #expect(start.duration(to: .now) < .seconds(45), "nobody waits for a server that has answered")
        }
        try await http.shutdown()
    }

    @Test(arguments: Trouble.allCases.filter { $0 != .noSuchSocket && $0 != .otherJSON })
    func etcdThatIsNotThere(_ trouble: Trouble) async throws {
        try await withServer(trouble) { url in
            let etcd = EtcdHTTPClient(endpoints: [url], requestTimeout: .seconds(20))
            let error = await #expect(throws: EtcdError.self) { try await etcd.members() }
            expectPlain("\(try #require(error))")
            let settings = FleetctlSettings(endpoint: try FleetEndpoint(FleetEndpoint.standard))
            var hasty = settings
            hasty.requestTimeout = 0.5
            let access = try EtcdAccess(endpoints: url, prefix: "/x/")
            let driver = await #expect(throws: FleetctlError.self) {
                try await access.run(hasty) { try await FleetClient($0).units() }
            }
            expectPlain("\(try #require(driver))")
        }
    }

    @Test func refusalsSayWhatTheSystemSays() async throws {
        try await withServer(.refused) { url in
            let etcd = EtcdHTTPClient(endpoints: [url])
            let error = await #expect(throws: EtcdError.self) { try await etcd.members() }
            #expect(error?.description == "cannot connect to \(url)/v3/cluster/member/list: Connection refused")
        }
    }
}
