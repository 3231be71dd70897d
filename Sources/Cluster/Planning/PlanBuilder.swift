import Basics
import Diagnostics
import TopologyModel
import UnitFiles

/// Puts a plan together, one kind of step after the other.
struct PlanBuilder {
    let topology: Topology
    let inputs: PlannerInputs
    let observed: Observation
    let nodes: [PlacedNode]
    let generation: Int

    var steps: [Step] = []
    var warnings: [Diagnostic] = []
    var plans: [NodePlan] = []
    /// Steps every node made needs: image and network.
    var groundwork: [StepID] = []
    /// The step after which etcd is whole again; the next change to its members needs it.
    var etcdGate: StepID?
    /// The step after which the last node that was restarted or rebuilt is ready again: one at a time.
    var rollGate: StepID?
    /// Steps that must be over before units are looked at.
    var settled: [StepID] = []

    /// The topology's etcd members.
    let wantedMembers: [PlacedNode]
    let wantedPeers: [EtcdPeer]
    /// Every node's plan as it comes up together with the others, made once: each is a rendered cloud-config.
    private var freshPlans: [String: NodePlan] = [:]

    init(topology: Topology, inputs: PlannerInputs, observed: Observation, nodes: [PlacedNode]) {
        self.topology = topology
        self.inputs = inputs
        self.observed = observed
        self.nodes = nodes
        generation = (observed.provider.nodes(of: topology.name).map(\.generation).max() ?? 0) + 1
        wantedMembers = nodes.filter(\.isMember)
        wantedPeers = wantedMembers.map { EtcdPeer(name: $0.name, peerURL: $0.peerURL) }
        for node in nodes { freshPlans[node.name] = render(node, peers: wantedPeers, state: .new) }
    }

    mutating func build() throws(DiagnosticsError) -> Plan {
        let network = NetworkPlan(cluster: topology.name, cidr: topology.network.cidr, mode: topology.network.mode)
        let changes = changesByNode()
        planImage(changes)
        planNetwork(network)
        try planMembers(changes)
        planWorkers(changes)
        planSurplus()
        planUnits()
        if let observedNetwork = observed.provider.network(of: topology.name), steps.isEmpty, !observedNetwork.active {
            planNetwork(network)
        }
        let discovery = isBootstrapping && !steps.isEmpty ? ownDiscovery : nil
        do {
            return try Plan(
                cluster: topology.name,
                purpose: .converge,
                generation: steps.isEmpty ? generation - 1 : generation,
                nodes: inOrder(plans),
                network: network,
                discovery: discovery,
                steps: steps,
                warnings: warnings,
                notes: topology.machineNotes(on: observed.provider.machineHost)
                    + (discovery.map { ["etcd's members meet at \($0.url), which is served here meanwhile."] } ?? []),
            )
        } catch {
            throw DiagnosticsError(error.diagnostics)
        }
    }

    /// The discovery that Slipway serves for this topology.
    private var ownDiscovery: DiscoveryPlan? {
        guard topology.etcd.bootstrap == .discovery, topology.etcd.discovery == nil else { return nil }
        return DiscoveryPlan(
            address: topology.network.cidr.gateway,
            token: inputs.discoveryToken,
            size: wantedMembers.count,
        )
    }

    // MARK: What each node needs

    /// Whether etcd has never been whole: members are started together and find each other by their cloud-config.
    var isBootstrapping: Bool {
        observed.etcd == nil && !memberNodesObserved.contains { $0.phase == .ready }
    }

    var memberNodesObserved: [ObservedNode] {
        observed.provider.nodes(of: topology.name).filter { $0.etcd == .member && $0.hasDomain }
    }

    private func changesByNode() -> [String: NodeChange] {
        var changes: [String: NodeChange] = [:]
        for node in nodes {
            changes[node.name] = NodeChange(
                node.observed,
                plan: nodePlan(node, peers: wantedPeers, state: .new),
                member: observed.etcd?.member(peerURL: node.peerURL),
                etcdKnown: observed.etcd != nil,
                fleet: observed.fleet,
            )
        }
        return changes
    }

    /// In the topology's order.
    private func inOrder(_ plans: [NodePlan]) -> [NodePlan] {
        let order = Dictionary(nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        return plans.sorted { order[$0.name, default: nodes.count] < order[$1.name, default: nodes.count] }
    }

    func nodePlan(_ node: PlacedNode, peers: [EtcdPeer], state: EtcdPeer.ClusterState) -> NodePlan {
        if state == .new, peers == wantedPeers, let plan = freshPlans[node.name] { return plan }
        return render(node, peers: peers, state: state)
    }

    private func render(_ node: PlacedNode, peers: [EtcdPeer], state: EtcdPeer.ClusterState) -> NodePlan {
        NodeConfiguration(
            topology: topology,
            inputs: inputs,
            node: node,
            machineHost: observed.provider.machineHost,
            discovery: topology.etcd.discovery ?? ownDiscovery?.url,
        )
        .plan(peers: peers, state: state, generation: generation)
    }

    // MARK: Ground

    private mutating func planImage(_ changes: [String: NodeChange]) {
        let making = nodes.filter { node in
            switch changes[node.name] ?? NodeChange.none {
            case .create, .rebuild, .reconfigure: true
            case .none, .start, .await: false
            }
        }
        var seen: Set<ImageDigests> = []
        for node in making {
            let image = nodePlan(node, peers: wantedPeers, state: .new).image
            guard seen.insert(image).inserted, !observed.images.contains(image) else { continue }
            let reason = "this host has no such image yet"
            let step =
                if let foreign = node.role.image {
                    Step("image/\(image.root.prefix(12))", .fetchImage(image, source: foreign.words), reason: reason)
                } else {
                    Step(
                        node.role.runtime == .vm ? "image/build-vm" : "image/build",
                        .buildImage(image),
                        reason: reason
                    )
                }
            add(step)
            groundwork.append(step.id)
        }
    }

    private mutating func planNetwork(_ network: NetworkPlan) {
        let present = observed.provider.network(of: topology.name)
        let isAsPlanned = present.map { $0.cidr == network.cidr && $0.mode == network.mode } ?? false
        guard present?.active != true || !isAsPlanned else { return }
        let reason =
            present == nil ? "it is not there yet" : isAsPlanned ? "it is not active" : "its address or mode changed"
        add(Step("network/create", .createNetwork(network), reason: reason))
        groundwork.append("network/create")
    }

    // MARK: Workers

    private mutating func planWorkers(_ changes: [String: NodeChange]) {
        for node in nodes where !node.isMember {
            let plan = nodePlan(node, peers: wantedPeers, state: .new)
            plans.append(plan)
            planWorker(plan, change: changes[node.name] ?? .none)
        }
    }

    private mutating func planWorker(_ plan: NodePlan, change: NodeChange) {
        let path = "node/\(plan.name)"
        switch change {
        case .none:
            return
        case .create(let reason):
            add(Step("\(path)/create", .createNode(plan), reason: reason, needs: groundwork))
            awaitNode(plan, reason: reason, needs: ["\(path)/create"])
        case .rebuild(let reason):
            let gate = rollGate.map { [$0] } ?? []
            removeNode(plan.name, reason: reason, needs: gate, wasRunning: isRunning(plan.name))
            let made = ["\(path)/remove"] + groundwork
            add(Step("\(path)/create", .createNode(plan), reason: reason, needs: made))
            awaitNode(plan, reason: reason, needs: ["\(path)/create"])
            if isRunning(plan.name) { rollGate = "\(path)/ready" }
        case .reconfigure(let reason):
            let needs = groundwork + (rollGate.map { [$0] } ?? [])
            let step = Step("\(path)/restart", .reconfigureNode(plan), reason: reason, needs: needs, cost: .restarts)
            add(step)
            awaitNode(plan, reason: reason, needs: [step.id])
            rollGate = "\(path)/ready"
        case .start(let reason):
            add(Step("\(path)/start", .startNode(plan), reason: reason, needs: groundwork))
            awaitNode(plan, reason: reason, needs: ["\(path)/start"])
        case .await(let reason):
            awaitNode(plan, reason: reason, needs: [])
        }
    }

    func isRunning(_ name: String) -> Bool {
        observed.provider.nodes(of: topology.name).first { $0.name == name }?.power == .running
    }

    /// A node waits for etcd by itself. In a cluster that comes up, all do so at once and from the start, so that what
    /// takes time besides etcd (logins, cloud-config) is over when the members have found each other; in a cluster that
    /// lives, changes go one after the other.
    mutating func awaitNode(_ plan: NodePlan, reason: String, needs: [StepID]) {
        let gate = isBootstrapping ? [] : etcdGate.map { [$0] } ?? []
        let step = Step("node/\(plan.name)/ready", .awaitNode(plan), reason: reason, needs: unique(needs + gate))
        add(step)
        settled.append(step.id)
    }

    // MARK: Removal

    /// Nodes that are there and not wanted any more.
    private mutating func planSurplus() {
        let wanted = Set(nodes.map(\.name))
        for node in observed.provider.nodes(of: topology.name) where !wanted.contains(node.name) {
            let isListed = node.peerURL.flatMap { observed.etcd?.member(peerURL: $0) } != nil
            // A member's removal is ordered with the other changes to etcd.
            guard !(node.etcd == .member && isListed) else { continue }
            removeNode(
                node.name,
                reason: "the topology does not ask for it",
                needs: [],
                wasRunning: node.power == .running
            )
            settled.append("node/\(node.name)/remove")
        }
    }

    /// Has the node leave fleet, where it is listed, and removes it.
    mutating func removeNode(_ name: String, reason: String, needs: [StepID], wasRunning: Bool) {
        var needs = needs
        let machineID = Identity.machineID(cluster: topology.name, node: name)
        if let fleet = observed.fleet, fleet.machines.contains(machineID) {
            let address = observed.provider.nodes(of: topology.name).first { $0.name == name }?.address
            let action = Action.leaveFleet(node: name, machineID: machineID, address: wasRunning ? address : nil)
            let step = Step("node/\(name)/leave", action, reason: reason, needs: needs)
            add(step)
            needs = [step.id]
        }
        add(Step("node/\(name)/remove", .removeNode(name: name), reason: reason, needs: unique(needs), cost: .destroys))
    }

    // MARK: Units

    private mutating func planUnits() {
        let units = topology.units.map(unitPlan)
        let changed = units.filter { unit in
            guard let present = observed.fleet?.units[unit.name] else { return true }
            return present.hash != unit.hash || present.desiredState != unit.desiredState
        }
        for unit in changed {
            let present = observed.fleet?.units[unit.name]
            let reason =
                switch present {
                case nil: "fleet does not have it yet"
                case let present? where present.hash != unit.hash: "its file changed"
                default: "it is to be \(unit.desiredState.rawValue)"
                }
            add(Step("unit/\(unit.name)", .deployUnit(unit), reason: reason, needs: unique(settled)))
        }
        let unsettled = units.filter { !isSettled($0) }
        guard !units.isEmpty, !steps.isEmpty || !unsettled.isEmpty else { return }
        let needs = unique(changed.map { "unit/\($0.name)" } + settled)
        let reason = steps.isEmpty ? "not every unit is in the state wanted" : "the units may have moved"
        add(Step("units/active", .awaitUnits(units), reason: reason, needs: needs))
    }

    private func isSettled(_ unit: UnitPlan) -> Bool {
        guard let present = observed.fleet?.units[unit.name] else { return false }
        guard unit.desiredState == .launched else { return true }
        let everywhere = unit.everywhere ?? []
        return (unit.everywhere != nil || !present.states.isEmpty)
            && everywhere.allSatisfy { present.states[$0] != nil }
            && present.states.values.allSatisfy { $0 == "active" }
    }

    private func unitPlan(_ deployment: UnitDeployment) -> UnitPlan {
        let requirements = deployment.requirements
        let eligible = nodes.filter { $0.role.runsFleet && $0.role.meets(requirements.metadata) }
        let machines = eligible.map { Identity.machineID(cluster: topology.name, node: $0.name) }
        return UnitPlan(
            name: deployment.name,
            text: deployment.unit.canonicalText,
            hash: "\(deployment.unit.hash)",
            desiredState: deployment.desiredState,
            everywhere: requirements.isGlobal ? machines.sorted() : nil,
        )
    }

    // MARK: Assembly

    mutating func add(_ step: Step) { steps.append(step) }

    func unique(_ ids: [StepID]) -> [StepID] {
        var seen: Set<StepID> = []
        return ids.filter { seen.insert($0).inserted }
    }
}

/// An etcd member as others are told of it.
struct EtcdPeer: Sendable, Hashable {
    /// Whether the members of `initial_cluster` come up together, or one joins the others.
    enum ClusterState: String, Sendable {
        case new, existing
    }

    var name: String
    var peerURL: String

    /// Every member's two doors differ in their ports only.
    var clientURL: String { peerURL.replacing(":2380", with: ":2379") }
}
