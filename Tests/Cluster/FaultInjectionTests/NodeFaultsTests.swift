import Basics
import Chaos
import Planning
import Provisioning
import SecureShell
import Synchronization
import TestKit
import Testing
import TopologyModel

@testable import FaultInjection

/// Faults of nodes in memory: what libvirt and the nodes are told.
struct NodeFaultsTests {
    /// A shell that answers the same each time, and keeps what it was told.
    private final class Shell: NodeShell {
        private let told = Mutex<[(node: String, command: String)]>([])
        private let answer: SSHClient.Output

        init(_ answer: SSHClient.Output = SSHClient.Output(exitCode: 0)) { self.answer = answer }

        /// Nodes that were told something with these words.
        func nodes(told words: String) -> [String] {
            told.withLock { $0.filter { $0.command.contains(words) }.map(\.node) }.sorted()
        }

        func run(
            _ command: String,
            input: String?,
            on node: String,
            at address: IPv4Address,
            deadline: Duration,
        ) async throws -> SSHClient.Output {
            told.withLock { $0.append((node, command)) }
            return answer
        }
    }

    /// Daemons that are only counted.
    private final class Host: HostDaemons {
        private let count = Mutex(0)

        var restarts: Int { count.withLock { $0 } }

        func obstacle() async throws -> String? { nil }
        func restartLibvirt() async throws { count.withLock { $0 += 1 } }
    }

    private func cluster(_ shell: Shell, _ host: Host = Host(), sourceLocation: SourceLocation = #_sourceLocation)
        async throws -> (
            faults: NodeFaults, provider: FakeProvider
        )
    {
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: .derived(fromCluster: "demo")),
            roles: [Role(name: "core", count: 3, etcd: .member), Role(name: "worker", count: 1, etcd: .proxy)],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        let provider = FakeProvider()
        try await provider.createNetwork(try #require(plan.network, sourceLocation: sourceLocation))
        let image = NodeImagePaths(root: "/root", layer: "/layer")
        for node in plan.nodes {
            try await provider.allocate(node, image: image)
            try await provider.define(node, image: image)
            try await provider.start(NodeReference(node))
        }
        let nodes = try await provider.observe().nodes
        return (NodeFaults(provider: provider, shell: shell, host: host, nodes: nodes), provider)
    }

    private func powers(_ provider: FakeProvider) async throws -> [String: ObservedNode.Power] {
        Dictionary(try await provider.observe().nodes.map { ($0.name, $0.power) }) { $1 }
    }

    @Test("what libvirt does to nodes is undone by starting them", arguments: [FaultKind.powerOff, .freeze, .reboot])
    func hypervisor(_ kind: FaultKind) async throws {
        let shell = Shell()
        let (faults, provider) = try await cluster(shell)
        let fault = Fault(number: 1, kind: kind, nodes: ["core-2", "worker-1"], seconds: 5)
        try await faults.inject(fault)
        let wanted: ObservedNode.Power = kind == .powerOff ? .off : kind == .freeze ? .other : .running
        #expect(try await powers(provider)["core-2"] == wanted)
        #expect(try await powers(provider)["core-1"] == .running)
        try await faults.undo(fault)
        #expect(try await powers(provider).values.allSatisfy { $0 == .running })
        #expect(shell.nodes(told: "").isEmpty)
    }

    @Test("a slow disk is bounded by libvirt, and the bound lifted, also after a run that was killed")
    func slowDisk() async throws {
        let shell = Shell()
        let (faults, provider) = try await cluster(shell)
        let fault = Fault(number: 1, kind: .slowDisk, nodes: ["core-2"], seconds: 5)
        try await faults.inject(fault)
        try await faults.undo(fault)
        #expect(try await faults.heal(FaultRecord(run: "x", holder: "x", faults: [fault])) == [])
        let calls = await provider.calls.map(\.description).filter { $0.hasPrefix("limitDisk") }
        #expect(
            calls == ["limitDisk demo.core-2 2097152", "limitDisk demo.core-2 none", "limitDisk demo.core-2 none"]
        )
    }

    @Test(
        "a bound that was not lifted, and what a node says of itself, are found",
        arguments: [FaultKind.slowDisk, .slowProcessor]
    )
    func remains(_ kind: FaultKind) async throws {
        let (faults, _) = try await cluster(Shell())
        let fault = Fault(number: 1, kind: kind, nodes: ["core-2"], seconds: 5)
        try await faults.inject(fault)
        let found = try await faults.remains()
        #expect(found.count == 1 && found[0].hasPrefix("core-2: its "), "\(found)")
        try await faults.undo(fault)
        #expect(try await faults.remains().isEmpty)
    }

    @Test("a restart of libvirt is done once, on the host, and over when libvirt answers")
    func libvirt() async throws {
        let (shell, host) = (Shell(), Host())
        let (faults, provider) = try await cluster(shell, host)
        let fault = Fault(number: 1, kind: .libvirtdRestart, nodes: [])
        try await faults.inject(fault)
        #expect(host.restarts == 1)
        try await faults.undo(fault)
        #expect(try await faults.heal(FaultRecord(run: "x", holder: "x", faults: [fault])) == [])
        #expect(host.restarts == 1)
        await provider.kill(afterSteps: 0)
        let node = NodeReference(try #require(try await provider.observe().nodes.first))
        await #expect(throws: FakeProvider.Killed.self) { try await provider.powerOff(node) }
        await #expect(throws: FakeProvider.Killed.self) { try await faults.undo(fault) }
    }

    @Test("a group that is cut off drops what comes from the others, and from none of its own")
    func cut() async throws {
        let shell = Shell()
        let (faults, _) = try await cluster(shell)
        try await faults.inject(Fault(number: 1, kind: .cut, nodes: ["core-2", "worker-1"], seconds: 5))
        #expect(shell.nodes(told: "iptables -w -N SLIPWAY-CHAOS-1") == ["core-2", "worker-1"])
        let addresses = Dictionary(
            try await cluster(shell).provider.observe().nodes.map { ($0.name, $0.address?.description ?? "") }
        ) { $1 }
        for node in ["core-1", "core-3"] {
            #expect(shell.nodes(told: "-s \(addresses[node] ?? "?") -j DROP") == ["core-2", "worker-1"])
        }
        for node in ["core-2", "worker-1"] { #expect(shell.nodes(told: "-s \(addresses[node] ?? "?") ").isEmpty) }
    }

    @Test("a fault that a node cannot have is told with the nodes that cannot, of the host all of a runtime")
    func impossible() async throws {
        let cases = [(FaultScripts.impossible, 1), (FaultScripts.impossibleHere, 4)]
        for (code, count) in cases {
            let shell = Shell(SSHClient.Output(exitCode: code, standardOutput: "no\n"))
            let (faults, _) = try await cluster(shell)
            let fault = Fault(number: 1, kind: .slowNetwork, nodes: ["core-1"], seconds: 5)
            let error = await #expect(throws: FaultError.self) { try await faults.inject(fault) }
            #expect(error?.code == .impossible && error?.nodes.count == count && error?.message == "no")
        }
    }

    @Test("what a killed run left is undone: by libvirt what its record says, by the nodes what they know of")
    func heals() async throws {
        let shell = Shell()
        let (faults, provider) = try await cluster(shell)
        try await faults.inject(Fault(number: 1, kind: .powerOff, nodes: ["worker-1"], seconds: 60))
        try await faults.inject(Fault(number: 2, kind: .freeze, nodes: ["core-1"], seconds: 60))
        let record = FaultRecord(
            run: "x",
            holder: "slipway chaos demo",
            faults: [
                Fault(number: 1, kind: .powerOff, nodes: ["worker-1"], seconds: 60),
                Fault(number: 2, kind: .freeze, nodes: ["core-1"], seconds: 60),
                Fault(number: 3, kind: .powerOff, nodes: ["gone-1"], seconds: 60),
            ]
        )
        #expect(try await faults.heal(record) == [])
        #expect(try await powers(provider).values.allSatisfy { $0 == .running })
        #expect(shell.nodes(told: "undo-*") == ["core-1", "core-2", "core-3", "worker-1"])
    }
}
