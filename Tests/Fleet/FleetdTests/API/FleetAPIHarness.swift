import FleetState
import Fleetd
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
