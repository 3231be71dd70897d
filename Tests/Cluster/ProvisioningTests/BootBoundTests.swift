import Basics
import Planning
import TestKit
import Testing
import TopologyModel

@testable import Provisioning

/// Boots are admitted by what the host can carry.
struct BootBoundTests {
    private func load(runnable: Int = 1, availableMiB: Int = 20_000, memoryPressure: Double? = 0) -> HostLoad {
        HostLoad(
            processors: 2,
            runnable: runnable,
            availableMiB: availableMiB,
            memoryPressure: memoryPressure,
        )
    }

    private func most(_ bound: BootBound, _ load: HostLoad?) -> Int {
        var booting = 0
        while booting < 100, bound.admits(booting: booting, memoryMiB: 96, load: load) { booting += 1 }
        return booting
    }

    @Test func aQuietHostBootsFourAProcessor() {
        #expect(most(BootBound(processors: 2), load()) == 8)
        #expect(most(BootBound(processors: 2), nil) == 8)
        #expect(most(BootBound(processors: 0), load()) == 4)
    }

    @Test func aBusyHostBootsOneAProcessor() {
        #expect(most(BootBound(processors: 2), load(runnable: 13)) == 2)
        #expect(most(BootBound(processors: 2), load(runnable: 12)) == 8)
    }

    @Test func withoutMemoryOneBootsAfterTheOther() {
        #expect(most(BootBound(processors: 2), load(availableMiB: 95)) == 1)
        #expect(most(BootBound(processors: 2), load(memoryPressure: 11)) == 1)
        #expect(most(BootBound(processors: 2), load(memoryPressure: nil)) == 8)
    }

    @Test func whatTheUserSaysCounts() {
        #expect(most(BootBound(exactly: 30), load(runnable: 500, availableMiB: 1)) == 30)
        #expect(most(BootBound(exactly: 0), load()) == 1)
    }

    @Test func theKernelsFilesAreRead() {
        let memory = "MemTotal:  1 kB\nMemAvailable:   2048000 kB\n"
        let pressure =
            "some avg10=57.36 avg60=44.72 avg300=28.17 total=1\nfull avg10=3.50 avg60=0.00 avg300=0.00 total=0\n"
        let average = "131.70 3.59 3.26 44/436 27801\n"
        let load = HostLoad(processors: 2, loadAverage: average, memory: memory, pressure: pressure)
        #expect(load == HostLoad(processors: 2, runnable: 44, availableMiB: 2000, memoryPressure: 3.5))
        let old = HostLoad(processors: 2, loadAverage: average, memory: memory, pressure: "")
        #expect(old?.memoryPressure == nil && old?.runnable == 44)
        #expect(HostLoad(processors: 2, loadAverage: "", memory: memory, pressure: "") == nil)
        #expect(HostLoad(processors: 2, loadAverage: average, memory: "", pressure: "") == nil)
    }

    // MARK: Steps

    private func plan(workers: Int) throws -> Plan {
        let topology = Topology(
            name: "many",
            network: NetworkSettings(cidr: CIDRv4("10.9.0.0/22") ?? CIDRv4.derived(fromCluster: "many")),
            roles: [
                Role(name: "central", count: 3, etcd: .member), Role(name: "worker", count: workers, etcd: .proxy),
            ],
        )
        let nothing = Observation(provider: ProviderObservation())
        return try Planner(topology: topology, inputs: .fixed).plan(from: nothing)
    }

    /// Members are never held back: the nodes that have their turn wait for etcd.
    @Test func membersBootFirstAndAllAtOnce() throws {
        let plan = try plan(workers: 20)
        var run = PlanRun(plan)
        var admission = StepAdmission(plan, bound: BootBound(exactly: 2))
        var begun: [StepID] = []
        while true {
            let ready = run.takeReady { admission.admits($0) }
            begun += ready.map(\.id)
            let next = ready.filter { if case .awaitNode = $0.action { false } else { true } }
            if next.isEmpty { break }
            for step in next {
                run.finished(step)
                admission.ended(step)
            }
        }
        let boots = begun.filter { "\($0)".hasPrefix("node/") && "\($0)".hasSuffix("/create") }
        #expect(boots == ["node/central-1/create", "node/central-2/create", "node/central-3/create"])
    }

    @Test(arguments: [1, 3, 8])
    func everyNodeHasItsTurnInThePlansOrder(most: Int) throws {
        let plan = try plan(workers: 40)
        var run = PlanRun(plan)
        var admission = StepAdmission(plan, bound: BootBound(exactly: most))
        var running: [Step] = []
        var booting: Set<String> = []
        var order: [String] = []
        repeat {
            for step in run.takeReady({ admission.admits($0) }) {
                running.append(step)
                if case .createNode(let node) = step.action {
                    booting.insert(node.name)
                    order.append(node.name)
                }
            }
            #expect(booting.count <= max(most, 3))
            guard !running.isEmpty else { break }
            let step = running.removeFirst()
            if case .awaitNode(let node) = step.action { booting.remove(node.name) }
            run.finished(step)
            admission.ended(step)
        } while !run.isOver
        #expect(order == plan.nodes.map(\.name))
        #expect(run.remaining.isEmpty)
    }
}
