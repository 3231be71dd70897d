import Basics
import Diagnostics
import TopologyModel
import UnitFiles

/// Nodes to give another image, and the way to do it.
package struct Upgrade: Sendable, Hashable {
    /// Image that nodes get.
    package enum Target: Sendable, Hashable {
        /// The root of this digest, and the node programs of today.
        case root(String)
        /// The root that each had before the one it has.
        case previous
    }

    /// Image that nodes get.
    package var target: Target
    /// Names of nodes; none stands for all.
    package var nodes: [String]
    /// Names of roles; none stands for all.
    package var roles: [String]
    /// Number of workers that may be away at a time; members are away one at a time.
    package var atOnce: Int
    /// Node that goes before all others, which follow when it is well; nil for none.
    package var canary: String?
    /// True when nodes are restarted outside their reboot window, too.
    package var ignoresWindows: Bool
    /// True when nodes get an image, too, that they have left by themselves.
    package var triesAgain: Bool
    /// True when nodes are only told of the image, and take it when they reboot, each in its own way.
    package var stages: Bool

    package init(
        to target: Target,
        nodes: [String] = [],
        roles: [String] = [],
        atOnce: Int = 1,
        canary: String? = nil,
        ignoresWindows: Bool = false,
        triesAgain: Bool = false,
        stages: Bool = false,
    ) {
        self.target = target
        self.nodes = nodes
        self.roles = roles
        self.atOnce = atOnce
        self.canary = canary
        self.ignoresWindows = ignoresWindows
        self.triesAgain = triesAgain
        self.stages = stages
    }

    /// The nodes as ``Roll`` chooses them.
    var choice: Roll { Roll(nodes: nodes, roles: roles, atOnce: atOnce, ignoresWindows: ignoresWindows) }
}

extension Planner {
    /// The plan that gives nodes of a cluster, which otherwise is as its topology says, another image: workers first,
    /// then etcd's members one at a time. What an earlier run left half done of that is finished first.
    ///
    /// - Throws: ``DiagnosticsError`` with what stands in the way.
    package func upgrade(_ upgrade: Upgrade, from observed: Observation) throws(DiagnosticsError) -> Plan {
        let own = observed.provider.nodes(of: topology.name)
        var asIs = inputs
        for node in own {
            guard let image = node.image, node.runtime == .container else { continue }
            asIs.chosenImages[node.name] = ChosenImage(image, previousRoot: node.previousRoot)
        }
        let present = try Planner(topology: topology, inputs: asIs).plan(from: observed)
        try refuseUnfinished(present, own)
        try present.refuseLost("its cluster's nodes get no other image")
        let chosen = try chosenNodes(upgrade, of: present, observed: own)
        var changed = asIs
        for node in chosen {
            guard let image = changedImage(of: node, own, upgrade) else { continue }
            changed.chosenImages[node.name] = image
        }
        let wanted = try Planner(topology: topology, inputs: changed).plan(from: observed)
        let images = Dictionary(present.nodes.map { ($0.name, $0.image) }) { first, _ in first }
        let goers = wanted.nodes.filter { node in images[node.name].map { $0 != node.image } ?? false }
        if upgrade.stages { return try stage(upgrade, goers, chosen, own, in: present, from: observed) }
        if !upgrade.triesAgain { try refuseRetreats(goers, own) }
        if !upgrade.ignoresWindows { try checkWindows(goers) }
        let units = try topology.units.map(Planner(topology: topology, inputs: asIs).builder(from: observed).unitPlan)
        let builder = UpgradeBuilder(present: present, observed: observed, inputs: inputs, units: units)
        return try builder.plan(goers, upgrade)
    }

    /// Image for a node: nil where it has it, or has none to go back to.
    private func changedImage(of node: NodePlan, _ own: [ObservedNode], _ upgrade: Upgrade) -> ChosenImage? {
        guard let observed = own.first(where: { $0.name == node.name }), let image = observed.image else { return nil }
        switch upgrade.target {
        case .root(let digest):
            let target = ImageDigests(root: digest, layer: inputs.image.layer)
            guard target != image else { return nil }
            return ChosenImage(target, previousRoot: image.root == digest ? observed.previousRoot : image.root)
        case .previous:
            guard let previous = observed.previousRoot, previous != image.root else { return nil }
            return ChosenImage(ImageDigests(root: previous, layer: inputs.image.layer), previousRoot: nil)
        }
    }

    /// Refuses an image that a node has left by itself: on others it would do no better.
    func refuseRetreats(_ goers: [NodePlan], _ own: [ObservedNode]) throws(DiagnosticsError) {
        let left = goers.compactMap { node in
            own.first { $0.name == node.name }?.boot?.retreat(from: node.image).map { (node: node, retreat: $0) }
        }
        guard !left.isEmpty else { return }
        throw DiagnosticsError(
            left.map { node, retreat in
                .error(
                    "'\(node.name)' went back from \(inputs.imageName(retreat.image)) by itself: \(retreat.reason)",
                    notes: [
                        "it is back with the image that it had, and no other node gets this one",
                        "what it logged: slipway ssh \(topology.name) \(node.name) journalctl -b -1 -p warning",
                        "once the cause is fixed, to try it again: --again",
                    ],
                )
            }
        )
    }

    /// Refuses a cluster that lacks more than the end of what an earlier run began.
    private func refuseUnfinished(_ plan: Plan, _ own: [ObservedNode]) throws(DiagnosticsError) {
        let others = plan.steps.filter { step in
            switch step.action {
            case .startNode, .awaitNode, .awaitEtcd, .awaitQuorum, .awaitUnits: return false
            case .createNode(let node):
                // One that was defined with its new image, and not started any more.
                return !own.contains { $0.name == node.name && $0.hasStorage && $0.baseDigest == node.baseDigest }
            default: return true
            }
        }
        guard !others.isEmpty || plan.continues else { return }
        let first = others.prefix(3).map(\.id.description).joined(separator: ", ")
        throw DiagnosticsError([
            .error(
                "cluster '\(plan.cluster)' is not as its file says, so its nodes get no other image",
                notes: ["\(others.count) step(s) are to be done first: \(first)", "do them with: slipway up"],
            )
        ])
    }

    private func chosenNodes(
        _ upgrade: Upgrade,
        of plan: Plan,
        observed: [ObservedNode],
    ) throws(DiagnosticsError) -> [NodePlan] {
        var choice = upgrade.choice
        if let canary = upgrade.canary, !choice.nodes.isEmpty { choice.nodes.append(canary) }
        let chosen = try chosenNodes(choice, of: plan)
        if let canary = upgrade.canary, !chosen.contains(where: { $0.name == canary }) {
            throw DiagnosticsError([
                .error(
                    "'\(canary)' is none of the nodes that get another image",
                    notes: ["there are: \(chosen.map(\.name).naturallySorted().joined(separator: ", "))"],
                )
            ])
        }
        let machines = chosen.filter { $0.runtime == .vm }
        guard machines.isEmpty else {
            let roles = Set(plan.nodes.filter { $0.runtime == .container }.map(\.role)).naturallySorted()
            let way =
                roles.isEmpty
                ? "make them anew, one after the other: slipway replace \(topology.name) \(machines[0].name)"
                : "upgrade the containers alone: " + roles.map { "--role \($0)" }.joined(separator: " ")
            throw DiagnosticsError([
                .error(
                    "\(machines.map(\.name).naturallySorted().joined(separator: ", ")): the disk of a virtual machine "
                        + "lies on its root image, which cannot be exchanged under it",
                    notes: [way],
                )
            ])
        }
        return chosen
    }
}

/// Puts the steps of an upgrade in order.
private struct UpgradeBuilder {
    /// Plan of the cluster with the images that its nodes have.
    let present: Plan
    let observed: Observation
    let inputs: PlannerInputs
    let members: [NodePlan]
    let units: [UnitPlan]
    var steps: [Step]
    var warnings: [Diagnostic]
    /// The last steps of the nodes that were added together.
    private var done: [StepID]

    init(present: Plan, observed: Observation, inputs: PlannerInputs, units: [UnitPlan]) {
        self.present = present
        self.observed = observed
        self.inputs = inputs
        self.units = units
        members = present.nodes.filter { $0.etcd == .member }
        steps = present.steps
        warnings = present.warnings
        done = present.steps.map(\.id)
    }

    func plan(_ nodes: [NodePlan], _ upgrade: Upgrade) throws(DiagnosticsError) -> Plan {
        var builder = self
        builder.add(nodes.filter { $0.name == upgrade.canary }, atOnce: 1)
        let others = nodes.filter { $0.name != upgrade.canary }
        builder.add(others.filter { $0.etcd != .member }, atOnce: upgrade.atOnce)
        builder.add(others.filter { $0.etcd == .member }, atOnce: 1)
        let changed = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
        do {
            let plan = try Plan(
                cluster: present.cluster,
                purpose: .upgrade,
                generation: builder.steps.isEmpty ? present.generation : nodes.first?.generation ?? present.generation,
                nodes: present.nodes.map { changed[$0.name] ?? $0 },
                network: present.network,
                steps: builder.steps,
                warnings: builder.warnings,
                notes: notes(nodes),
            )
            try plan.check(from: observed)
            return plan
        } catch {
            throw DiagnosticsError(error.diagnostics)
        }
    }

    private func notes(_ nodes: [NodePlan]) -> [String] {
        guard !nodes.isEmpty else { return [] }
        return ["A node that does not come back well gets the image back that it had, and the rest keep theirs."]
    }

    /// Adds nodes of which `atOnce` may be away together, after all that were added before.
    private mutating func add(_ nodes: [NodePlan], atOnce: Int) {
        let before = done
        var ends: [StepID] = []
        for (index, node) in nodes.enumerated() {
            let needs = index < atOnce ? before : [ends[index - atOnce]]
            guard let end = add(node, needs: needs) else { continue }
            ends.append(end)
            guard node.etcd == .member, members.count < 3 else { continue }
            let text = "etcd is away while '\(node.name)' restarts: \(members.count) member(s) tolerate no failure"
            warnings.append(.warning(text))
        }
        if !ends.isEmpty { done = Array(ends.suffix(max(1, atOnce))) }
    }

    /// - Returns: the step after which the node is as it was before, with its new image.
    private mutating func add(_ node: NodePlan, needs: [StepID]) -> StepID? {
        guard let fallback = present.nodes.first(where: { $0.name == node.name }) else { return nil }
        let path = "node/\(node.name)"
        let semaphore = RollBuilder.semaphore(of: node, members: members)
        let fleet = observed.fleet
        let upgrade = NodeUpgrade(
            node,
            fallback: fallback,
            semaphore: semaphore,
            isDrained: node.runsFleet && fleet?.machines.contains(node.machineID) == true,
            globalUnits: units.filter { unit in
                unit.desiredState == .launched && unit.everywhere?.contains(node.machineID) == true
                    && fleet?.units[unit.name]?.isWell(on: node.machineID) == true
            }.map(\.name),
        )
        var last: StepID = "\(path)/upgrade"
        steps.append(Step(last, .upgradeNode(upgrade), reason: reason(node, fallback), needs: needs, cost: .restarts))
        if node.etcd == .member {
            let healthy: StepID = "etcd/whole/\(node.name)"
            let reason = "etcd is whole, and \(node.name) has caught up"
            steps.append(Step(healthy, .awaitEtcd(members: members), reason: reason, needs: [last]))
            last = healthy
        }
        if let semaphore {
            let released: StepID = "\(path)/released"
            let release = Action.releaseReboot(node, semaphore: semaphore)
            steps.append(Step(released, release, reason: "it is healthy again", needs: [last]))
            last = released
        }
        if !units.isEmpty {
            let settled: StepID = "\(path)/units"
            steps.append(Step(settled, .awaitUnits(units), reason: "units may have moved", needs: [last]))
            last = settled
        }
        return last
    }

    private func reason(_ node: NodePlan, _ present: NodePlan) -> String {
        guard node.image.root != present.image.root else { return "its node programs change" }
        let programs = node.image.layer == present.image.layer ? "" : ", and its node programs change"
        return "root \(inputs.rootName(present.image.root)) → \(inputs.rootName(node.image.root))\(programs)"
    }
}
