import Planning
import Testing
import TopologyModel

/// `runtime: auto`.
@Suite struct RuntimeSettlingTests {
    private static let able = VMHost(hasVirtualization: true, offersKVM: true)
    private static let unable = VMHost(hasVirtualization: false, offersKVM: true)

    private func topology() -> Topology {
        var topology = Fixture.topology()
        topology.roles = [
            Role(name: "central", count: 1, etcd: .member),
            Role(name: "worker", count: 2, runtime: .auto, etcd: .proxy),
        ]
        return topology
    }

    private func plan(on provider: ProviderObservation) throws -> Plan {
        try Fixture.plan(topology(), Observation(provider: provider))
    }

    /// An arm64 processor has no feature by which it is known; libvirt's offer does.
    @Test func takesMachinesWhereNoFeatureSaysThatTheHostRunsThem() throws {
        let arm64 = VMHost(hasVirtualization: nil, offersKVM: true)
        let plan = try plan(on: ProviderObservation(machineHost: arm64))
        #expect(plan.nodes.map(\.accelerator) == [nil, .kvm, .kvm])
        #expect(plan.notes.first == "Nodes of role worker are virtual machines: libvirt offers KVM here.")
        let emulating = VMHost(hasVirtualization: nil, offersKVM: false)
        #expect(emulating.best == .tcg && emulating.reason == "libvirt offers no KVM here")
    }

    @Test func takesMachinesWhereTheHostRunsThemWell() throws {
        let plan = try plan(on: ProviderObservation(machineHost: Self.able))
        #expect(plan.nodes.map(\.runtime) == [.container, .vm, .vm])
        #expect(plan.nodes.map(\.accelerator) == [nil, .kvm, .kvm])
        let note = "Nodes of role worker are virtual machines: the host's processor has vmx or svm."
        #expect(plan.notes.first == note)
    }

    @Test func takesContainersElsewhereAndSaysWhy() throws {
        let plan = try plan(on: ProviderObservation(machineHost: Self.unable))
        #expect(plan.nodes.allSatisfy { $0.runtime == .container })
        let note = "Nodes of role worker are containers: the host's processor has neither vmx nor svm."
        #expect(plan.notes == [note])
        let none = try self.plan(on: ProviderObservation(noMachines: "QEMU is not installed"))
        #expect(none.notes == ["Nodes of role worker are containers: QEMU is not installed."])
    }

    @Test func takesMachinesWhereThereCanBeNoContainers() throws {
        var topology = topology()
        topology.roles[0] = Role(name: "central", count: 1, runtime: .vm, etcd: .member)
        let provider = ProviderObservation(noContainers: "the host is another one", machineHost: Self.unable)
        let plan = try Fixture.plan(topology, Observation(provider: provider))
        #expect(plan.nodes.allSatisfy { $0.runtime == .vm && $0.accelerator == .tcg })
        #expect(plan.notes.first == "Nodes of role worker are virtual machines: the host is another one.")
    }

    @Test func nodesThatAreThereStayWhatTheyAre() throws {
        var cluster = Simulation()
        cluster.apply(try plan(on: ProviderObservation(machineHost: Self.unable)))
        #expect(cluster.faults == [])
        var observed = cluster.observed
        observed.provider.machineHost = Self.able
        let plan = try Fixture.plan(topology(), observed)
        #expect(plan.ids == [])
        #expect(plan.notes == ["Nodes of role worker are containers: as worker-1 is."])
    }

    @Test func theCommandLineDecides() throws {
        let forced = try topology().overriding(runtime: .container, accelerator: nil)
        let plan = try Fixture.plan(forced, Observation(provider: ProviderObservation(machineHost: Self.able)))
        #expect(plan.nodes.allSatisfy { $0.runtime == .container })
        #expect(plan.notes == [])
        let free = try topology().overriding(runtime: .auto, accelerator: nil)
        let machines = try Fixture.plan(free, Observation(provider: ProviderObservation(machineHost: Self.able)))
        #expect(machines.nodes.allSatisfy { $0.runtime == .vm })
    }
}
