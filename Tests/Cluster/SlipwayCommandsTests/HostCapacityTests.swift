import Basics
import Diagnostics
import Planning
import TestKit
import Testing
import TopologyModel

@testable import SlipwayCommands

/// What a host lacks for the nodes of a plan is said before any is made.
struct HostCapacityTests {
    private func plan(workers: Int, memoryMiB: Int = 512) throws -> Plan {
        var worker = Role(name: "worker", count: workers, etcd: .proxy)
        worker.resources.memoryMiB = memoryMiB
        let topology = Topology(
            name: "many",
            network: NetworkSettings(cidr: CIDRv4.derived(fromCluster: "many")),
            roles: [worker, Role(name: "central", count: 1, etcd: .member)],
        )
        let nothing = Observation(provider: ProviderObservation())
        return try Planner(topology: topology, inputs: .fixed).plan(from: nothing)
    }

    private func shortages(
        _ plan: Plan,
        running: Int = 0,
        availableMiB: Int? = 1 << 20,
        _ sysctls: [String: String] = [:],
    ) -> [String] {
        HostCapacity.shortages(of: plan, running: running, availableMiB: availableMiB, sysctls: sysctls).map(\.message)
    }

    @Test func aHostWithRoomIsNotSpokenOf() throws {
        #expect(shortages(try plan(workers: 60)).isEmpty)
        #expect(shortages(try plan(workers: 60), availableMiB: nil).isEmpty)
    }

    @Test func memoryThatIsAskedForAndNotThere() throws {
        let plan = try plan(workers: 59, memoryMiB: 1024)
        let beginning = shortages(plan, availableMiB: 4000)
        #expect(
            beginning.count == 1 && beginning[0].hasPrefix("60 new containers take about 5760MiB of memory to begin")
        )
        let full = shortages(plan, availableMiB: 20_000)
        #expect(full.count == 1 && full[0].contains("and the host has 20000MiB"))
    }

    @Test func limitsOfTheKernelCountTheNodesThatRunAlready() throws {
        let few = ["net.ipv4.neigh.default.gc_thresh3": "1024\n", "fs.inotify.max_user_instances": "128\n"]
        #expect(shortages(try plan(workers: 59), few).isEmpty)
        let together = shortages(try plan(workers: 59), running: 60, few)
        #expect(together == ["120 nodes on this host take about 1200 ARP entries, and it allows 1024"])
    }
}
