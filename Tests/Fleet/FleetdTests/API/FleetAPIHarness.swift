import AsyncHTTPClient
import ConnectionLimits
import FleetState
import NIOCore
import NIOHTTP1
import NIOSSL
import TestKit
import Testing
import TransportSecurity

@testable import Fleetd

/// Runs `body` with the API of a registered machine `m1`; nothing else runs.
func withFleetAPI(
    _ etcd: FakeEtcd,
    tokenLimit: UInt16 = 100,
    access: APIAccess = APIAccess(),
    _ body: (APIResponder, MachineSession) async throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation,
) async throws {
    let registry = FleetRegistry(etcd: etcd)
    let watch = ClusterWatch(registry, logger: FleetMachine.quiet, pauses: (.milliseconds(5), .milliseconds(5)))
    let presence = Presence()
    let api = APIResponder(
        registry: registry,
        watch: watch,
        presence: presence,
        tokenLimit: tokenLimit,
        access: access,
        logger: FleetMachine.quiet,
    )
    let session = try await registry.register(.named("m1", ["role": "web"]), ttl: 600)
    presence.began(session)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await watch.run() }
        #expect(await watch.wait(until: session.revision, within: .seconds(30)), sourceLocation: sourceLocation)
        try await body(api, session)
        group.cancelAll()
    }
}

/// Serves the API on `listeners` while `body` runs, which gets the port of the one that is TCP, or 0.
func withServedAPI(
    _ etcd: FakeEtcd,
    on listeners: [APIListener] = [.tcp(host: "127.0.0.1", port: 0)],
    tls: TLSIdentity? = nil,
    access: APIAccess = APIAccess(),
    budget: ConnectionBudget = ConnectionBudget(),
    _ body: (Int) async throws -> Void,
) async throws {
    try await withFleetAPI(etcd, access: access) { (api, _) async throws in
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for listener in listeners {
                let server = APIServer(
                    listener,
                    api,
                    tls: tls,
                    version: "9",
                    logger: FleetMachine.quiet,
                    budget: listener.isLocal ? ConnectionBudget() : budget,
                ) { continuation.yield($0?.port ?? 0) }
                group.addTask { try await server.run() }
            }
            var listening = ports.makeAsyncIterator()
            var port = 0
            for _ in listeners { port += await listening.next() ?? 0 }
            try await body(port)
            group.cancelAll()
        }
    }
}

/// Asks a server of the API, over TCP or a unix socket.
func send(
    _ method: String,
    _ url: String,
    tls: TLSConfiguration? = nil,
) async throws -> (status: Int, server: String?, body: String) {
    var configuration = HTTPClient.Configuration()
    configuration.tlsConfiguration = tls
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        // Long enough for a client who comes last to a crowd on a busy host; a server that locks it out never answers.
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
        try await client.shutdown()
        return (Int(response.status.code), response.headers.first(name: "Server"), body)
    } catch {
        try await client.shutdown()
        throw error
    }
}
