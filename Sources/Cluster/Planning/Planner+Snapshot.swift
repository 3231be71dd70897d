import Basics
import Diagnostics
import TopologyModel

extension Planner {
    /// What stands in the way of a snapshot of a cluster: of nodes that are no containers, or not whole.
    package static func snapshotObstacles(_ cluster: String, observed: ProviderObservation) -> [Diagnostic] {
        let nodes = observed.nodes(of: cluster)
        if let cut = observed.cutRestore(of: cluster) { return [cut.finding] }
        let unknown = nodes.compactMap { node in
            node.obstacle.map { Diagnostic.error("node '\(node.name)': \($0)", notes: [$0.advice]) }
        }
        guard unknown.isEmpty else { return unknown }
        let machines = nodes.filter { $0.runtime == .vm }.map(\.name)
        guard machines.isEmpty else { return [Self.noMachines(machines, cluster)] }
        let partial = nodes.filter { !$0.hasDomain || !$0.hasStorage || $0.phase == .leaving || $0.phase <= .defined }
        guard partial.isEmpty else {
            return [
                .error(
                    "\(partial.map(\.name).joined(separator: ", ")): half made or half removed, so nothing to come back to",
                    notes: ["make the cluster whole first: slipway up \(cluster)"],
                )
            ]
        }
        guard observed.network(of: cluster)?.cidr != nil, observed.network(of: cluster)?.mode != nil else {
            return [
                .error("cluster '\(cluster)' has no network", notes: ["make it whole first: slipway up \(cluster)"])
            ]
        }
        return []
    }

    private static func noMachines(_ names: [String], _ cluster: String) -> Diagnostic {
        .error(
            "\(names.joined(separator: ", ")): VMs, and snapshots are of containers only",
            notes: [
                "etcd's keys and fleet's units can be kept all the same: slipway backup \(cluster)",
                "a VM's disk alone: slipway stop \(cluster) \(names[0]), then copy its volume with virsh vol-clone",
            ],
        )
    }

    /// The plan that puts a cluster back to a snapshot, however much or little of it there is.
    ///
    /// Nodes' files are copied while the cluster runs. Then all nodes lose their power, before the first gets its files:
    /// no member of etcd may speak to one that is of another time. Nodes that came later go.
    ///
    /// - Throws: `DiagnosticsError` with what stands in the way.
    package static func restore(
        _ snapshot: ClusterSnapshot,
        over observed: Observation,
    ) throws(DiagnosticsError) -> Plan {
        let cluster = snapshot.cluster
        let present = observed.provider.nodes(of: cluster)
        let obstacles = restoreObstacles(snapshot, observed)
        guard obstacles.isEmpty else { throw DiagnosticsError(obstacles) }
        var steps = SnapshotSteps(snapshot, present: present)
        steps.stage()
        steps.powerOff()
        steps.removeLater()
        let network = NetworkPlan(cluster: cluster, cidr: snapshot.cidr, mode: snapshot.mode)
        steps.network(network, observed.provider.network(of: cluster))
        steps.place()
        let nodes = snapshot.nodes.compactMap { NodePlan(asItIs: $0.node, network: snapshot.cidr) }
        steps.start(nodes)
        var notes = notes(snapshot, present: present)
        if let cut = observed.provider.cutRestore(of: cluster) {
            notes.append("The cluster was being put back to '\(cut.name)' when that was cut short.")
        }
        let generation = snapshot.nodes.map(\.node.generation).max() ?? 0
        do {
            return try Plan(
                cluster: cluster,
                purpose: .restore,
                generation: generation,
                nodes: nodes,
                network: network,
                steps: steps.steps,
                notes: notes,
            )
        } catch {
            throw DiagnosticsError(error.diagnostics)
        }
    }

    private static func notes(_ snapshot: ClusterSnapshot, present: [ObservedNode]) -> [String] {
        let when = "\(Timestamp.text(snapshot.made)) ('\(snapshot.name)')"
        guard !present.isEmpty else { return ["The cluster is made as it was at \(when)."] }
        let names = Set(snapshot.nodes.map(\.node.name))
        let later = present.map(\.name).filter { !names.contains($0) }
        let lost =
            "All nodes go back to \(when). What was written on them since is lost: etcd's keys, units, containers and "
            + "their volumes. Units begin anew, as after a power cut."
        return [lost] + (later.isEmpty ? [] : ["\(later.joined(separator: ", ")) came later, and go."])
    }

    private static func restoreObstacles(_ snapshot: ClusterSnapshot, _ observed: Observation) -> [Diagnostic] {
        let unknown = observed.provider.nodes(of: snapshot.cluster).compactMap { node in
            node.obstacle.map { Diagnostic.error("node '\(node.name)': \($0)", notes: [$0.advice]) }
        }
        let machines = observed.provider.nodes(of: snapshot.cluster).filter { $0.runtime == .vm }.map(\.name)
        let names = snapshot.nodes.map(\.node).filter { node in
            !(node.image.map(observed.images.contains) ?? false)
        }.map(\.name)
        let foreign = snapshot.nodes.map(\.node.domainName).filter(observed.provider.foreignDomains.contains)
        return unknown
            + (machines.isEmpty
                ? []
                : [
                    .error(
                        "\(machines.joined(separator: ", ")): VMs, of which the snapshot knows nothing",
                        notes: ["take the cluster down first: slipway down \(snapshot.cluster) --keep-snapshots"],
                    )
                ])
            + (names.isEmpty
                ? []
                : [.error("the image of \(names.joined(separator: ", ")) is not on this host any more")])
            + foreign.map { .error("libvirt domain '\($0)' exists and is not Slipway's; it will not be touched") }
            + clashes(snapshot, observed.provider)
    }

    private static func clashes(_ snapshot: ClusterSnapshot, _ observed: ProviderObservation) -> [Diagnostic] {
        observed.networks.filter { $0.cluster != snapshot.cluster && $0.cidr.map(snapshot.cidr.overlaps) ?? false }
            .prefix(1).map { network -> Diagnostic in
                let owner = network.cluster.map { "cluster '\($0)'" } ?? "libvirt network '\(network.name)'"
                return .error("network \(snapshot.cidr) of the snapshot overlaps with that of \(owner)")
            }
    }
}

extension SnapshotReference {
    /// The finding that a cluster was being put back to this snapshot when that was cut short.
    var finding: Diagnostic {
        .error(
            "cluster '\(cluster)' was being put back to snapshot '\(name)', and that was cut short",
            notes: [
                "some nodes may be of one time and some of another, so that nothing else is done with them",
                "give it again: slipway snapshot restore \(cluster) \(name)",
                "or give the cluster up: slipway down \(cluster)",
            ],
        )
    }
}

/// Steps of a plan that puts a cluster back.
private struct SnapshotSteps {
    let snapshot: ClusterSnapshot
    let present: [ObservedNode]
    var steps: [Step] = []
    /// Steps after which no node has power.
    private var off: [StepID] = []
    /// Steps that have to be over before a node starts.
    private var ground: [StepID] = []

    private static let begin: StepID = "snapshot/begin"

    init(_ snapshot: ClusterSnapshot, present: [ObservedNode]) {
        self.snapshot = snapshot
        self.present = present
    }

    mutating func stage() {
        for kept in snapshot.nodes {
            let action = SnapshotAction.stage(NodeReference(kept.node), snapshot.reference)
            let reason = "the cluster runs on meanwhile"
            steps.append(Step("node/\(kept.node.name)/stage", .snapshot(action), reason: reason))
        }
        steps.append(
            Step(
                Self.begin,
                .snapshot(.begin(snapshot.reference)),
                reason: "from here on it is done to its end",
                needs: steps.map(\.id),
            )
        )
        off = [Self.begin]
    }

    mutating func powerOff() {
        let running = present.filter { $0.hasDomain && $0.power != .off }
        for node in running {
            steps.append(
                Step(
                    "node/\(node.name)/off",
                    .snapshot(.powerOff(NodeReference(node))),
                    reason: "all are put back at once",
                    needs: [Self.begin],
                    cost: .restarts,
                )
            )
        }
        if !running.isEmpty { off = running.map { "node/\($0.name)/off" } }
    }

    mutating func removeLater() {
        let names = Set(snapshot.nodes.map(\.node.name))
        for node in present where !names.contains(node.name) {
            let id: StepID = "node/\(node.name)/remove"
            steps.append(
                Step(
                    id,
                    .removeNode(NodeReference(node)),
                    reason: "it came after the snapshot",
                    needs: off,
                    cost: .destroys,
                )
            )
            ground.append(id)
        }
    }

    mutating func network(_ wanted: NetworkPlan, _ present: ObservedNetwork?) {
        let isAsWanted = present.map { $0.active && $0.cidr == wanted.cidr && $0.mode == wanted.mode } ?? false
        guard !isAsWanted else { return }
        let reason = present == nil ? "it is not there" : "it is not as it was"
        steps.append(Step("network/create", .createNetwork(wanted), reason: reason, needs: off + ground))
        ground.append("network/create")
    }

    mutating func place() {
        for kept in snapshot.nodes {
            let isThere = present.contains { $0.name == kept.node.name }
            let id: StepID = "node/\(kept.node.name)/place"
            steps.append(
                Step(
                    id,
                    .snapshot(.place(kept, snapshot.reference)),
                    reason: isThere ? "what it wrote since is lost" : "it is not there",
                    needs: off,
                    cost: isThere ? .destroys : .none,
                )
            )
            ground.append(id)
        }
    }

    /// Those run again that ran. That they are ready is seen while the disk takes what was written.
    mutating func start(_ nodes: [NodePlan]) {
        let running = snapshot.nodes.filter { $0.node.power == .running }.map(\.node.name)
        for name in running {
            guard let node = nodes.first(where: { $0.name == name }) else { continue }
            let start = Action.startNode(NodeReference(node))
            steps.append(Step("node/\(name)/start", start, reason: "it ran", needs: ground))
        }
        let finish = Action.snapshot(.finish(snapshot.reference))
        steps.append(Step("snapshot/finish", finish, reason: "all nodes are in place", needs: ground))
        let members = nodes.filter { $0.etcd == .member && running.contains($0.name) }
        var gate: [StepID] = []
        if !members.isEmpty {
            let needs = members.map { StepID("node/\($0.name)/start") }
            steps.append(
                Step("etcd/quorum", .awaitEtcd(members: members), reason: "the members find each other", needs: needs)
            )
            gate = ["etcd/quorum"]
        }
        for node in nodes where running.contains(node.name) {
            let needs: [StepID] = ["node/\(node.name)/start"] + (node.etcd == .member ? gate : [])
            steps.append(Step("node/\(node.name)/ready", .awaitNode(node), reason: "it was put back", needs: needs))
        }
    }
}
