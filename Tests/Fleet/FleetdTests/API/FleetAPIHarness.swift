import AsyncHTTPClient
import FleetState
import Fleetd
import NIOCore
import NIOHTTP1
import NIOSSL
import TestKit
import Testing

/// Runs `body` with the API of a registered machine `m1`; nothing else runs.
func withFleetAPI(
    _ etcd: FakeEtcd,
    tokenLimit: UInt16 = 100,
    access: APIAccess = APIAccess(),
    _ body: (APIResponder, MachineSession) async throws -> Void,
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
        #expect(await watch.wait(until: session.revision, within: .seconds(30)))
        try await body(api, session)
        group.cancelAll()
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
        let response = try await client.execute(request, timeout: .seconds(10))
        let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
        try await client.shutdown()
        return (Int(response.status.code), response.headers.first(name: "Server"), body)
    } catch {
        try await client.shutdown()
        throw error
    }
}
