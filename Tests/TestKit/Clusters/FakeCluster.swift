import Basics
import Etcd
import Planning
import Provisioning
import SecureShell
import Synchronization
import TopologyModel
import UnitFiles

/// What runs on the nodes of a ``FakeProvider``: etcd, fleet and ssh, as far as provisioning sees them. A node does
/// what it should as soon as its domain runs, unless it was told to be broken.
package final class FakeCluster: Sendable {
    /// A rung that a node never reaches.
    package enum Fault: Sendable, Hashable {
        case address, etcd, flannel, cloudConfig, fleet
    }

    struct State: Sendable {
        var nodes: [String: NodePlan] = [:]
        var running: Set<String> = []
        var faults: [String: Fault] = [:]
        /// Roots that nodes run, by domain.
        var roots: [String: String] = [:]
        /// Faults of every node that runs a root.
        var rootFaults: [String: Fault] = [:]
        /// Roots on which no node finds itself well, whatever others see of it.
        var doubtedRoots: Set<String> = []
        /// Units of systemd that fail on every node that runs a root.
        var rootUnits: [String: String] = [:]
        var units: [String: UnitPlan] = [:]
        var deployed: Set<String> = []
        /// Machines that were asked to leave fleet, and have.
        var left: Set<String> = []
        /// Machines whose units are on their way to others.
        var drained: Set<String> = []
        /// Nodes whose fleetd does not say that their cloud-config is applied.
        var silentSetups: Set<String> = []
        var brokenUnits: Set<String> = []
        var loopingUnits: Set<String> = []
        var log: [String] = []
        var listeners: [AsyncStream<Void>.Continuation] = []
        var healthAsked = 0
        var asking = 0
        var mostAsking = 0
        var logins = 0
    }

    /// Nodes and networks of the cluster.
    package let provider: FakeProvider
    /// Reboot semaphore of the cluster.
    package let rebootLock = FakeRebootLock()
    private let state = Mutex(State())

    /// Creates a cluster whose nodes come and go with the provider's.
    package init(provider: FakeProvider = FakeProvider()) async {
        self.provider = provider
        await provider.onPowerChange { [weak self, provider] domain, isRunning in
            let root = await provider.root(of: domain)
            self?.change {
                $0.roots[domain] = root
                if isRunning { $0.running.insert(domain) } else { $0.running.remove(domain) }
                if let node = $0.nodes[domain] { $0.left.remove(node.machineID) }
                $0.log.append("\(isRunning ? "on" : "off") \(domain)")
            }
            if isRunning, let self, self.read({ $0.isWell(domain) }) { await provider.succeed(domain) }
        }
    }

    func read<Result>(_ body: (State) -> Result) -> Result {
        state.withLock { body($0) }
    }

    func change(_ body: (inout State) -> Void) {
        let listeners = state.withLock { state in
            body(&state)
            return state.listeners
        }
        for listener in listeners { listener.yield() }
    }

    /// Changes what nobody waits for.
    func note(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    /// Yields once at the start and after every change.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.listeners.append(continuation) }
        continuation.yield()
        return stream
    }
}

// MARK: What a test does to it

extension FakeCluster {
    /// Tells which nodes there can be; a domain that is none of these runs nothing.
    package func know(_ nodes: [NodePlan]) {
        change { for node in nodes { $0.nodes[node.domainName] = node } }
    }

    /// Lets a node stop at a rung; nil repairs it.
    package func breakNode(_ name: String, at fault: Fault?) {
        change { $0.faults[name] = fault }
    }

    /// Lets a node's fleetd not say that its cloud-config is applied, as those of earlier versions.
    package func silenceSetup(of name: String) {
        change { $0.silentSetups.insert(name) }
    }

    /// Lets every node stop at a rung that runs a root; nil repairs it.
    package func breakRoot(_ root: String, at fault: Fault?) {
        change { $0.rootFaults[root] = fault }
    }

    /// Lets a unit of systemd's, which runs on all others, fail on every node that runs a root.
    package func breakRoot(_ root: String, unit: String) {
        change { $0.rootUnits[root] = unit }
    }

    /// Lets no node find itself well that runs a root.
    package func doubtRoot(_ root: String) {
        change { $0.doubtedRoots.insert(root) }
    }

    /// Lets every node whose time on a new image is up, and which is not well on it, go back by itself.
    package func endTrials() async {
        for domain in read({ $0.running.sorted() }) {
            await provider.endTrial(of: domain, because: "not well within 300 s: etcd2.service is failed")
        }
    }

    /// Lets a unit fail wherever it starts.
    package func breakUnit(_ name: String) {
        change { $0.brokenUnits.insert(name) }
    }

    /// Lets a unit end and be started again wherever it is; false ends that.
    package func loopUnit(_ name: String, _ loops: Bool = true) {
        change { if loops { $0.loopingUnits.insert(name) } else { $0.loopingUnits.remove(name) } }
    }

    /// What happened on nodes, in order: `on`, `off`, `deploy`.
    package var log: [String] { read { $0.log } }
    /// How often endpoints were asked for their health, and how many at most at a time.
    package var healthQuestions: (count: Int, most: Int) { read { ($0.healthAsked, $0.mostAsking) } }
    /// How many commands were run on nodes.
    package var logins: Int { read { $0.logins } }
    /// Nodes there can be, by name.
    package var knownNodes: [NodePlan] { read { $0.nodes.values.sorted { $0.name < $1.name } } }
    /// Names of the units that fleet has.
    package var deployedUnits: Set<String> { read { Set($0.units.keys) } }
}

// MARK: What is so

extension FakeCluster.State {
    /// Nodes that run and are not broken at that rung or an earlier one.
    func well(_ faults: Set<FakeCluster.Fault>) -> [NodePlan] {
        nodes.values.filter { node in
            running.contains(node.domainName) && !(fault(of: node).map(faults.contains) ?? false)
        }
    }

    /// True where a node that runs finds nothing wrong with itself.
    func isWell(_ domain: String) -> Bool {
        guard let node = nodes[domain] else { return true }
        let root = roots[domain] ?? ""
        return fault(of: node) == nil && rootUnits[root] == nil && !doubtedRoots.contains(root)
    }

    /// Fault of a node, by its name or its root; nil for none.
    func fault(of node: NodePlan) -> FakeCluster.Fault? {
        faults[node.name] ?? roots[node.domainName].flatMap { rootFaults[$0] }
    }

    /// systemd's units on a node, as `list-units` has them.
    func systemUnits(of name: String) -> String {
        let root = nodes.values.first { $0.name == name }.flatMap { roots[$0.domainName] }
        let names = Set(rootUnits.values).union(["sshd.service"])
        return names.sorted().map { unit in
            root.map { rootUnits[$0] == unit } == true ? "\(unit) failed failed\n" : "\(unit) active running\n"
        }.joined()
    }

    var members: [NodePlan] { nodes.values.filter { $0.etcd == .member } }

    var hasQuorum: Bool {
        let healthy = well([.address, .etcd]).filter { $0.etcd == .member }.count
        return healthy >= members.count / 2 + 1
    }

    private func activeState(of unit: String) -> String {
        loopingUnits.contains(unit) ? "activating" : brokenUnits.contains(unit) ? "failed" : "active"
    }

    var fleet: ObservedFleet {
        let machines = well([.address, .etcd, .fleet]).filter(\.runsFleet).map(\.machineID).sorted()
            .filter { !left.contains($0) }
        let observed = units.mapValues { unit in
            let host = unit.desiredState == .launched ? machines.first : nil
            return ObservedFleet.Unit(
                name: unit.name,
                hash: unit.hash,
                desiredState: unit.desiredState,
                states: host.map { [$0: activeState(of: unit.name)] } ?? [:],
            )
        }
        var fleet = ObservedFleet(machines: Set(machines), units: observed, deployed: deployed)
        // Not those of an earlier fleetd.
        let setUp = well([.address, .flannel, .cloudConfig]).filter { !silentSetups.contains($0.name) }.map(\.machineID)
        fleet.setUp = Set(setUp).intersection(machines)
        return fleet
    }
}
