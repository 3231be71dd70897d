import Etcd
import FleetState
import Provisioning
import TestKit
import Testing

/// What waiting for fleet's state makes of an etcd that takes its time.
@Suite struct FleetLookTests {
    private let etcd = FakeEtcd()

    @Test func timeCountsFromTheFirstLook() async throws {
        etcd.setOutage(EtcdError(.unavailable, "it is slow"))
        // Beside a thousand other tests the first reading may take any time.
        let fleet = RegistryFleet(registry: FleetRegistry(etcd: etcd), firstReading: .seconds(3600))
        async let look = fleet.observe(until: { _ in false }, limit: .milliseconds(1))
        try await eventually(within: .seconds(3600), "it was asked once") { etcd.requests > 0 }
        etcd.setOutage(nil)
        let seen = try await look
        #expect(!seen.done)
    }
}
