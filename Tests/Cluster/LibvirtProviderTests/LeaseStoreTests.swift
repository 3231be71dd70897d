import Libvirt
import Planning
import Provisioning
import TestKit
import Testing

@testable import LibvirtProvider

/// Leases in memory, in libvirt's driver for tests, and in the sandbox's libvirt.
@Suite(.timeLimit(.minutes(5)))
struct LeaseStoreTests {
    private func record(_ id: Int, renewals: Int = 0) -> LeaseRecord {
        LeaseRecord(
            cluster: "lease-test",
            id: "\(id)1111111-1111-4111-8111-111111111111",
            holder: "ann@east: `slipway up a&b.yaml \"x\"`, process 7",
            lock: "boot 1:2",
            renewals: renewals,
            time: 1_795_694_400,
        )
    }

    private func keepsTheContract(_ store: any LeaseStore) async throws {
        let (first, second) = (record(1), record(2))
        var changes = await store.changedLeases().makeAsyncIterator()
        func isTold() async -> Bool { await changes.next() == "lease-test" }
        #expect(try await store.lease(of: "lease-test") == nil)
        #expect(try await !store.renew(first))
        #expect(try await store.create(first))
        #expect(await isTold())
        #expect(try await !store.create(second))
        #expect(try await store.lease(of: "lease-test") == first)
        #expect(try await store.renew(record(1, renewals: 1)))
        #expect(await isTold())
        #expect(try await !store.renew(second))
        #expect(try await store.lease(of: "lease-test")?.renewals == 1)
        var telling = record(1, renewals: 2)
        let running = RunProgress.Running(id: "boot a", title: "boot 'a' <&\"", detail: "")
        let climbing = RunProgress.Running(id: "b", title: "b", node: "b", rungs: [.address, .cloudConfig])
        telling.progress = RunProgress(steps: 7, ended: 3, failed: 1, running: [running, climbing])
        #expect(try await store.renew(telling))
        #expect(await isTold())
        #expect(try await store.lease(of: "lease-test") == telling)
        try await store.remove(second)
        #expect(try await store.lease(of: "lease-test") != nil)
        try await store.remove(first)
        #expect(await isTold())
        try await store.remove(first)
        #expect(try await !store.renew(first))
        #expect(try await store.create(second))
        try await store.remove(second)
        #expect(try await store.lease(of: "lease-test") == nil)
    }

    @Test func inMemory() async throws { try await keepsTheContract(FakeLeases()) }

    @Test(arguments: ProviderUnderTest.all) func inLibvirt(_ kind: ProviderUnderTest) async throws {
        try await kind.with { world in
            guard let store = world.provider as? LibvirtProvider else { return }
            try await keepsTheContract(store)
            #expect(try await store.create(record(3)))
            // Nothing of a cluster's.
            #expect(try await store.observe().networks.allSatisfy { $0.cluster == nil && !$0.name.contains("lease") })
            try await store.remove(record(3))
        }
    }
}
