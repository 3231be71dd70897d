import Basics
import Planning
import TopologyModel

/// A cluster that does what plans say, one step after the other, and knows when a step must not be taken.
struct Simulation {
    var observed: Observation = .nothing
    /// What went against the rules.
    var faults: [String] = []

    private var nodes: [String: ObservedNode] = [:]
    private var members: [ObservedEtcd.Member] = []
    private var formed = false
    private var units: [String: ObservedFleet.Unit] = [:]
    private var machines: Set<String> = []
    private var networks: [ObservedNetwork] = []
    private var images: Set<ImageDigests> = []
    private var directories: Set<String> = []

    /// Carries out the first `count` steps, or all.
    mutating func apply(_ plan: Plan, first count: Int? = nil) {
        var done: Set<StepID> = []
        for step in plan.steps.prefix(count ?? plan.steps.count) {
            for need in step.needs where !done.contains(need) {
                faults.append("\(step.id) needs \(need), which comes later or never")
            }
            perform(step, cluster: plan.cluster)
            done.insert(step.id)
            checkQuorum(after: step)
        }
        refresh()
    }

    /// Something happens to a node behind Slipway's back.
    mutating func disturb(_ name: String, _ change: (inout ObservedNode) -> Void) {
        guard var node = nodes[name] else { return }
        change(&node)
        nodes[name] = node
        if node.power != .running || !node.hasDomain {
            setHealth(of: node, false)
            machines.remove(Identity.machineID(cluster: node.cluster, node: name))
        }
        refresh()
    }

    /// A node is gone, with all it had.
    mutating func lose(_ name: String) {
        disturb(name) { $0.power = .off }
        nodes[name] = nil
        refresh()
    }

    /// Whether so many members were lost with all they had that no majority can ever be again.
    var isBeyondRepair: Bool {
        let kept = members.filter { member in
            nodes.values.contains { [$0.peerURL] == member.peerURLs }
        }
        return !members.isEmpty && kept.count < members.count / 2 + 1
    }

    private mutating func perform(_ step: Step, cluster: String) {
        switch step.action {
        case .buildImage(let digests), .fetchImage(let digests, _):
            images.insert(digests)
        case .createNetwork(let network):
            networks = [
                ObservedNetwork(
                    name: network.name,
                    cluster: network.cluster,
                    cidr: network.cidr,
                    mode: network.mode,
                    bridge: network.bridge,
                    active: true,
                )
            ]
        case .createNode(let plan), .reconfigureNode(let plan), .startNode(let plan):
            start(plan, step)
        case .rebootNode(let plan, _):
            if nodes[plan.name]?.power != .running { faults.append("\(step.id): the node does not run") }
        case .releaseReboot:
            break
        case .awaitEtcd(let wanted):
            for member in wanted where !isHealthy(member) {
                faults.append("\(step.id): \(member.name) never gets healthy")
            }
        case .addMember(let plan, _):
            if !hasQuorum { faults.append("\(step.id): a member is added without a quorum") }
            members.append(.init(id: plan.name, name: "", peerURLs: [plan.peerURL], started: false, healthy: false))
        case .removeMember(_, let url, _):
            if !hasQuorum { faults.append("\(step.id): a member is removed without a quorum") }
            members.removeAll { $0.peerURLs.contains(url) }
        case .awaitNode(let plan):
            ready(plan, step)
        case .leaveFleet(_, let id, _):
            machines.remove(id)
        case .removeNode(let name):
            remove(name, step)
        case .deployUnit(let unit):
            units[unit.name] = .init(name: unit.name, hash: unit.hash, desiredState: unit.desiredState, states: [:])
        case .awaitUnits(let wanted):
            for unit in wanted {
                let places = unit.everywhere ?? machines.min().map { [$0] } ?? []
                units[unit.name]?.states = Dictionary(places.map { ($0, "active") }) { first, _ in first }
            }
        case .removeNetwork:
            networks = []
        case .removeRemains:
            directories = []
        }
    }

    private mutating func start(_ plan: NodePlan, _ step: Step) {
        if networks.isEmpty { faults.append("\(step.id): there is no network") }
        if !images.contains(plan.image) { faults.append("\(step.id): there is no image") }
        var node = ObservedNode(
            cluster: plan.cluster,
            name: plan.name,
            role: plan.role,
            index: plan.index,
            domainName: plan.domainName,
            power: .running,
            phase: .started,
            address: plan.address,
            etcd: plan.etcd,
            image: plan.image,
            baseDigest: plan.baseDigest,
            configDigest: plan.configDigest,
            generation: plan.generation,
            fleet: plan.fleet,
            etcdTLS: plan.etcdTLS,
            certificates: plan.certificates,
        )
        if case .startNode = step.action, let present = nodes[plan.name] { node.phase = present.phase }
        nodes[plan.name] = node
        directories.insert(plan.cluster)
        if plan.etcd == .member { startMember(plan, step) }
        if plan.etcd != .none { machines.insert(plan.machineID) }
    }

    private mutating func startMember(_ plan: NodePlan, _ step: Step) {
        if let index = members.firstIndex(where: { $0.peerURLs.contains(plan.peerURL) }) {
            members[index] = .init(id: plan.name, name: plan.name, peerURLs: [plan.peerURL], healthy: true)
        } else if !formed {
            members.append(.init(id: plan.name, name: plan.name, peerURLs: [plan.peerURL], healthy: true))
        } else {
            faults.append("\(step.id): etcd does not know this member")
        }
    }

    private mutating func ready(_ plan: NodePlan, _ step: Step) {
        if nodes[plan.name]?.power != .running { faults.append("\(step.id): the node does not run") }
        if !hasQuorum { faults.append("\(step.id): etcd has no quorum") }
        formed = true
        nodes[plan.name]?.phase = .ready
    }

    private mutating func remove(_ name: String, _ step: Step) {
        if let node = nodes[name], node.etcd == .member, formed, node.power == .running,
            members.contains(where: { $0.peerURLs == [node.peerURL] && $0.started })
        {
            faults.append("\(step.id): a member is destroyed before it left etcd")
        }
        nodes[name] = nil
    }

    private mutating func setHealth(of node: ObservedNode, _ healthy: Bool) {
        for index in members.indices where members[index].peerURLs == [node.peerURL] {
            members[index].healthy = healthy
        }
    }

    private func isHealthy(_ plan: NodePlan) -> Bool {
        members.contains { $0.peerURLs == [plan.peerURL] && $0.healthy }
    }

    private var hasQuorum: Bool { ObservedEtcd(members: members).hasQuorum }

    private mutating func checkQuorum(after step: Step) {
        guard formed, step.cost != .destroys || !members.isEmpty else { return }
        if case .addMember = step.action, members.count <= 2 { return }
        if !members.isEmpty, !hasQuorum { faults.append("\(step.id): etcd lost its quorum") }
    }

    private mutating func refresh() {
        let anyRunning = nodes.values.contains { $0.etcd == .member && $0.power == .running }
        let etcd = anyRunning && !members.isEmpty ? ObservedEtcd(members: members) : nil
        observed = Observation(
            provider: ProviderObservation(
                nodes: nodes.values.sorted { $0.name < $1.name },
                networks: networks,
                emptyClusterDirectories: nodes.isEmpty ? directories.sorted() : [],
            ),
            etcd: etcd,
            fleet: etcd?.hasQuorum == true ? ObservedFleet(machines: machines, units: units) : nil,
            images: images,
        )
    }
}
