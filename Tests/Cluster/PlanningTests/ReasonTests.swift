import CloudConfig
import Planning
import TestKit
import Testing
import TopologyModel

/// Reasons name what changed, and what needs no restart gets none.
@Suite struct ReasonTests {
    private func brought(_ topology: Topology, sourceLocation: SourceLocation = #_sourceLocation) throws -> Simulation {
        var simulation = Simulation()
        simulation.apply(try Fixture.plan(topology))
        #expect(try Fixture.plan(topology, simulation.observed).isEmpty, sourceLocation: sourceLocation)
        return simulation
    }

    /// What is there once a topology was brought up.
    private func cluster(_ topology: Topology = Fixture.topology(members: 1, workers: 1)) throws -> Observation {
        try brought(topology).observed
    }

    private func reasons(_ topology: Topology, _ observed: Observation) throws -> [String] {
        let plan = try Fixture.plan(topology, observed)
        return plan.steps.filter { $0.cost == .restarts }.map { "\($0.id): \($0.reason)" }
    }

    private static let changes: [(what: String, change: @Sendable (inout Topology) -> Void)] = [
        ("memory", { $0.roles[1].resources.memoryMiB = 4096 }),
        ("cpus and memory", { ($0.roles[1].resources.memoryMiB, $0.roles[1].resources.cpus) = (4096, 2) }),
        ("metadata", { $0.roles[1].metadata["disk"] = "ssd" }),
        ("cloud_config.write_files", { $0.roles[1].cloudConfig.writeFiles = [.init(path: "/a", content: "x")] }),
        ("cloud_config.users", { $0.roles[1].cloudConfig.users = [.init(name: "guest")] }),
        (
            "cloud_config.coreos.units",
            { $0.roles[1].cloudConfig.coreos.units = [.init(name: "a.service", enable: true)] }
        ),
        ("cloud_config.coreos.update", { $0.roles[1].cloudConfig.coreos.update = [.rebootStrategy: "reboot"] }),
        ("cloud_config.coreos", { $0.roles[1].cloudConfig.coreos.locksmith = [.group: "workers"] }),
    ]

    @Test(arguments: changes.indices) func aReasonNamesTheKeysThatChanged(index: Int) throws {
        let observed = try cluster()
        var topology = Fixture.topology(members: 1, workers: 1)
        Self.changes[index].change(&topology)
        #expect(try reasons(topology, observed) == ["node/worker-1/restart: its \(Self.changes[index].what) changed"])
    }

    @Test func whatHoldsForEveryNodeIsNamedForEach() throws {
        let observed = try cluster()
        var topology = Fixture.topology(members: 1, workers: 1)
        topology.docker.registryMirrors = ["http://10.0.0.1:5000"]
        topology.fleet.machineTTLSeconds = 30
        topology.sshAuthorizedKeys = ["ssh-ed25519 AAAA me"]
        let reason = "its docker, fleet and ssh_authorized_keys changed"
        #expect(
            try reasons(topology, observed) == [
                "node/central-1/restart: \(reason)", "node/worker-1/restart: \(reason)",
            ]
        )
    }

    @Test func newProgramsAndNewKeysAreNamed() throws {
        let observed = try cluster()
        let topology = Fixture.topology(members: 1, workers: 1)
        var inputs = Fixture.inputs
        inputs.image.layer = "another"
        let programs = try Planner(topology: topology, inputs: inputs).plan(from: observed)
        #expect(programs.step("node/worker-1/restart")?.reason == "its node programs changed")
        inputs = Fixture.inputs
        inputs.authorizedKeys = ["ssh-ed25519 AAAA new"]
        let keys = try Planner(topology: topology, inputs: inputs).plan(from: observed)
        #expect(keys.step("node/worker-1/restart")?.reason == "its keys changed")
    }

    @Test func aRecordFromBeforeThereWerePartsSaysLess() throws {
        var observed = try cluster()
        for index in observed.provider.nodes.indices { observed.provider.nodes[index].configParts = nil }
        var topology = Fixture.topology(members: 1, workers: 1)
        topology.roles[1].resources.memoryMiB = 4096
        #expect(try reasons(topology, observed) == ["node/worker-1/restart: its cloud-config or resources changed"])
    }

    /// Whoever may read a domain's metadata must not be able to try out what a node was given.
    @Test func digestsOfPartsDependOnTheNodesKey() throws {
        let plan = try Fixture.plan(Fixture.topology(members: 1, workers: 2))
        let parts = plan.nodes.compactMap(\.configParts)
        #expect(parts.count == 3)
        #expect(parts[1].digests.keys == parts[2].digests.keys)
        for (name, digest) in parts[1].digests { #expect(parts[2].digests[name] != digest) }
    }

    @Test func autostartIsSwitchedWithoutARestart() throws {
        var topology = Fixture.topology(members: 1, workers: 1)
        var simulation = try brought(topology)
        var observed = simulation.observed
        topology.autostart = false
        let plan = try Fixture.plan(topology, observed)
        #expect(
            plan.outline == """
                node/central-1/autostart: autostart is to be false
                node/worker-1/autostart: autostart is to be false

                """
        )
        simulation.apply(plan)
        observed = simulation.observed
        #expect(try Fixture.plan(topology, observed).isEmpty)
        topology.roles[1].resources.memoryMiB = 4096
        topology.autostart = true
        let ids = try Fixture.plan(topology, observed).steps.map(\.id.description)
        #expect(ids.contains("node/central-1/autostart") && !ids.contains("node/worker-1/autostart"))
        // A domain of which libvirt cannot say it is left alone.
        for index in observed.provider.nodes.indices { observed.provider.nodes[index].autostart = nil }
        #expect(try !Fixture.plan(topology, observed).steps.contains { $0.id.description.hasSuffix("autostart") })
    }
}
