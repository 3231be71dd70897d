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
    let secrets: [String: NodeSecrets]
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
    /// For each node that leaves etcd, the step after which it has.
    var departures: [String: StepID] = [:]
    /// True when etcd has no majority, so that the plan brings it back and does no more.
    var isRecovering = false
    /// Nodes that get what the file asks for once etcd has its majority back.
    var postponed: [String] = []
    /// Nodes that are lost for good, and that are left as they are.
    var lost: [LostNode] = []
    /// Names of members that the file does not ask for, and that stay in etcd while others are lost.
    var staying: [String] = []

    /// The topology's etcd members.
    let wantedMembers: [PlacedNode]
    let wantedPeers: [EtcdPeer]
    /// Every node's plan as it comes up together with the others, made once: each is a rendered cloud-config.
    private var freshPlans: [String: NodePlan] = [:]

    init(
        topology: Topology,
        inputs: PlannerInputs,
        observed: Observation,
        nodes: [PlacedNode],
        secrets: [String: NodeSecrets],
    ) {
        self.topology = topology
        self.inputs = inputs
        self.observed = observed
        self.nodes = nodes
        self.secrets = secrets
        generation = (observed.provider.nodes(of: topology.name).map(\.generation).max() ?? 0) + 1
        wantedMembers = nodes.filter(\.isMember)
        wantedPeers = wantedMembers.map { EtcdPeer(name: $0.name, peerURL: $0.peerURL) }
        let ground = self
        let fresh = nodes.mapInParallel { ground.render($0, peers: ground.wantedPeers, state: .new) }
        for (node, plan) in zip(nodes, fresh) { freshPlans[node.name] = plan }
    }

    mutating func build() throws(DiagnosticsError) -> Plan {
        let network = NetworkPlan(cluster: topology.name, cidr: topology.network.cidr, mode: topology.network.mode)
        let changes = changesByNode()
        lost = lostNodes(changes)
        warnings += lossFindings(lost)
        planImage(changes)
        planNetwork(network)
        try planMembers(changes)
        planWorkers(changes)
        planSurplus()
        planUnits()
        planAutostart()
        planDrift()
        let discovery = isBootstrapping && !steps.isEmpty ? ownDiscovery : nil
        do {
            var plan = try Plan(
                cluster: topology.name,
                purpose: .converge,
                generation: steps.isEmpty ? generation - 1 : generation,
                nodes: inOrder(plans),
                network: network,
                discovery: discovery,
                steps: steps,
                warnings: warnings,
                notes: topology.machineNotes(on: observed.provider.machineHost)
                    + (discovery.map { ["etcd's members meet at \($0.url), which is served here meanwhile."] } ?? [])
                    + postponedNotes + retreatNotes + rootNotes,
            )
            plan.lost = lost
            plan.emptyRepair = emptyRepair
            plan.continues = !steps.isEmpty && !postponed.isEmpty
            try plan.check(from: observed)
            return plan
        } catch {
            throw DiagnosticsError(error.diagnostics)
        }
    }

    private var postponedNotes: [String] {
        let names = Set(postponed).naturallySorted()
        guard !names.isEmpty else { return [] }
        return ["etcd has no majority: it is brought back first; \(names.joined(separator: ", ")) follow after that."]
    }

    /// The discovery that Slipway serves for this topology.
    private var ownDiscovery: DiscoveryPlan? {
        guard topology.etcd.bootstrap == .discovery, topology.etcd.discovery == nil, inputs.restore == nil else {
            return nil
        }
        return DiscoveryPlan(
            address: topology.network.cidr.gateway,
            token: inputs.discoveryToken,
            size: wantedMembers.count,
        )
    }

    // MARK: What each node needs

    /// The cluster's nodes and remains of nodes.
    var ownNodes: [ObservedNode] { observed.provider.nodes(of: topology.name) }

    func changesByNode() -> [String: NodeChange] {
        var changes = changesOfLost()
        for node in nodes where changes[node.name] == nil {
            if inputs.replaced.contains(node.name), node.observed != nil {
                changes[node.name] = .rebuild("it is to be replaced")
                continue
            }
            let plan = nodePlan(node, peers: wantedPeers, state: .new)
            let change = NodeChange(
                node.observed,
                plan: plan,
                member: observed.etcd?.member(peerURL: node.peerURL),
                etcdKnown: observed.etcd != nil,
                fleet: observed.fleet,
            )
            changes[node.name] = change
            if case .reconfigure = change, isRunning(node.name), takesUp(node) { changes[node.name] = NodeChange.none }
            guard case .reconfigure = changes[node.name], let root = node.observed?.image?.root, root != plan.image.root
            else {
                continue
            }
            changes[node.name] = .reconfigure("root \(inputs.rootName(root)) → \(inputs.rootName(plan.image.root))")
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
        configuration(of: node).plan(peers: peers, state: state, generation: generation)
    }

    func configuration(of node: PlacedNode) -> NodeConfiguration {
        NodeConfiguration(
            topology: topology,
            inputs: inputs,
            node: node,
            machineHost: observed.provider.machineHost,
            foreignRoots: observed.foreignRoots,
            discovery: topology.etcd.discovery ?? ownDiscovery?.url,
            secrets: secrets[node.name, default: NodeSecrets()],
        )
    }

    // MARK: Workers

    private mutating func planWorkers(_ changes: [String: NodeChange]) {
        for node in nodes where !node.isMember {
            // A member that is to get another part is brought back as it is first.
            if isRecovering, plans.contains(where: { $0.name == node.name }) { continue }
            if isLeftLost(node.name) || staying.contains(node.name) { continue }
            let plan = nodePlan(node, peers: wantedPeers, state: .new)
            plans.append(plan)
            planWorker(plan, change: changes[node.name] ?? .none)
        }
    }

    private mutating func planWorker(_ plan: NodePlan, change: NodeChange) {
        switch change {
        case .none, .lost:
            return
        case .rebuild where isRecovering:
            postponed.append(plan.name)
        case .rebuild(let reason):
            // A member that gets another part has left etcd before.
            let gates = [rollGate, departures[plan.name]].compactMap(\.self)
            let removed = removeNode(plan.name, reason: reason, needs: gates)
            let made = bringUp(plan, change: change, needs: [removed] + groundwork)
            awaitNode(plan, reason: reason, needs: made)
            if isRunning(plan.name) { rollGate = "node/\(plan.name)/ready" }
        case .reconfigure(let reason):
            let made = bringUp(plan, change: change, needs: groundwork + (rollGate.map { [$0] } ?? []))
            awaitNode(plan, reason: reason, needs: made)
            rollGate = "node/\(plan.name)/ready"
        case .create(let reason), .start(let reason), .await(let reason):
            awaitNode(plan, reason: reason, needs: bringUp(plan, change: change, needs: groundwork))
        }
    }

    func isReady(_ name: String) -> Bool {
        guard let node = ownNodes.first(where: { $0.name == name }) else { return false }
        return node.power == .running && node.phase == .ready && !steps.contains { $0.id == "node/\(name)/create" }
    }

    func isRunning(_ name: String) -> Bool {
        ownNodes.first { $0.name == name }?.power == .running
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

    // MARK: Units

    private mutating func planUnits() {
        // The plan that follows sees fleet, and has the nodes on which units are to run.
        guard postponed.isEmpty || steps.isEmpty else { return }
        if let source = inputs.restore { return planRestoredUnits(source) }
        let units = topology.units.map(unitPlan)
        let changed = units.filter { unit in
            guard let present = observed.fleet?.units[unit.name] else { return true }
            return present.hash != unit.hash || present.desiredState != unit.desiredState
        }
        for unit in changed {
            let reason = changeReason(unit)
            add(Step("unit/\(unit.name)", .deployUnit(unit), reason: reason, needs: unique(settled)))
        }
        planUnitRemovals(kept: Set(units.map(\.name)))
        // A unit whose machines are all lost comes up when one of them does.
        let awaited = units.filter(hasMachine)
        let unsettled = awaited.filter { !isSettled($0) }
        guard !awaited.isEmpty, !steps.isEmpty || !unsettled.isEmpty else { return }
        let needs: [StepID] = changed.map { "unit/\($0.name)" }
        let reason = steps.isEmpty ? "not every unit is in the state wanted" : "the units may have moved"
        add(Step("units/active", .awaitUnits(awaited), reason: reason, needs: unique(needs + settled)))
    }

    private func hasMachine(_ unit: UnitPlan) -> Bool {
        guard !lost.isEmpty, let deployment = topology.units.first(where: { $0.name == unit.name }) else { return true }
        return !eligible(deployment).isEmpty
    }

    /// Nodes on which fleet may run a unit.
    private func eligible(_ deployment: UnitDeployment) -> [PlacedNode] {
        let metadata = deployment.requirements.metadata
        return nodes.filter { $0.role.runsFleet && $0.role.meets(metadata) && !isLeftLost($0.name) }
    }

    private func changeReason(_ unit: UnitPlan) -> String {
        guard let fleet = observed.fleet else {
            return isBootstrapping ? "fleet does not have it yet" : "fleet cannot be asked whether it has it"
        }
        return switch fleet.units[unit.name] {
        case nil: "fleet does not have it yet"
        case let present? where present.hash != unit.hash: "its file changed"
        default: "it is to be \(unit.desiredState.rawValue)"
        }
    }

    /// Units that Slipway deployed and the file does not name; those that others gave fleet are left alone.
    private mutating func planUnitRemovals(kept: Set<String>) {
        guard let fleet = observed.fleet else { return }
        for name in fleet.deployed.subtracting(kept).naturallySorted() where fleet.units[name] != nil {
            let action = Action.destroyUnit(name: name)
            let reason = "the file does not name it any more"
            add(Step("unit/\(name)/remove", action, reason: reason, needs: unique(settled)))
        }
    }

    private func isSettled(_ unit: UnitPlan) -> Bool {
        guard let present = observed.fleet?.units[unit.name] else { return false }
        guard unit.desiredState == .launched else { return true }
        let everywhere = unit.everywhere ?? []
        return (unit.everywhere != nil || !present.states.isEmpty)
            && everywhere.allSatisfy { present.states[$0] != nil }
            && present.states.keys.allSatisfy(present.isWell)
    }

    func unitPlan(_ deployment: UnitDeployment) -> UnitPlan {
        let requirements = deployment.requirements
        let machines = eligible(deployment).map { Identity.machineID(cluster: topology.name, node: $0.name) }
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

/// An etcd member as configurations of nodes name it.
struct EtcdPeer: Sendable, Hashable {
    /// True when the members of `initial_cluster` come up together, or one joins the others.
    enum ClusterState: String, Sendable {
        case new, existing
    }

    var name: String
    var peerURL: String

    var clientURL: String { EtcdURL.client(ofPeer: peerURL) }

    /// Names the members that are started together, whatever their order.
    static func formation(_ peers: [EtcdPeer]) -> String {
        String(sha256Hex(peers.map { "\($0.name)=\($0.peerURL)" }.sorted().joined(separator: ",")).prefix(16))
    }
}
