import Basics
import Diagnostics
import TopologyModel

/// What others changed in libvirt: what can be put back as it runs is, and the rest is said.
extension PlanBuilder {
    /// Nodes that are made or restarted get their definition with that.
    mutating func planDrift() {
        tellPoolFault()
        tellClocks()
        let defined = Set(
            steps.compactMap { step -> String? in
                switch step.action {
                case .createNode(let node), .reconfigureNode(let node): node.name
                case .upgradeNode(let upgrade): upgrade.node.name
                case .removeNode(let node): node.name
                default: nil
                }
            }
        )
        for node in nodes where !defined.contains(node.name) && !isLeftLost(node.name) {
            guard let present = node.observed else { continue }
            if takesUp(node) {
                let plan = nodePlan(node, peers: wantedPeers, state: .existing)
                let reason = "its definition has the memory and cpus of the file already"
                add(Step("node/\(node.name)/definition", .defineNode(plan), reason: reason))
                continue
            }
            guard present.configDigest == configDigest(of: node) else { continue }
            let resources = node.role.resources
            let drift = NodeDrift(present, memoryMiB: resources.memoryMiB, cpus: resources.cpus)
            if !drift.ofDefinition.isEmpty {
                let plan = nodePlan(node, peers: wantedPeers, state: .existing)
                let reason =
                    "its definition: " + drift.ofDefinition.joined(separator: ", ") + Self.since(present.written)
                add(Step("node/\(node.name)/definition", .defineNode(plan), reason: reason))
            }
            if let reason = drift.ofMemory {
                let action = Action.setMemory(NodeReference(present), mebibytes: resources.memoryMiB)
                add(Step("node/\(node.name)/memory", action, reason: "it \(reason)"))
            }
            if let change = drift.ofDisk { warnings.append(diskWarning(change, of: node)) }
            guard !drift.untilRestart.isEmpty else { continue }
            warnings.append(
                .warning(
                    "'\(node.name)' runs with \(drift.untilRestart.joined(separator: ", "))",
                    notes: ["until it is restarted: slipway restart \(topology.name) \(node.name)"],
                )
            )
        }
    }

    /// When a definition that is not as it should be was changed, at the latest.
    static func since(_ written: Int64?) -> String { written.map { " (written \(Timestamp.text($0)))" } ?? "" }

    private mutating func tellClocks() {
        for member in observed.etcd?.members ?? [] {
            guard let ahead = member.clockAhead else { continue }
            let way = ahead > 0 ? "ahead of" : "behind"
            warnings.append(
                .warning(
                    "the clock of '\(member.name)' is at least \(Int(ahead.magnitude)) s \(way) this host's",
                    notes: ["leases and certificates go by it: timedatectl on that node says whether it is kept right"],
                )
            )
        }
    }

    /// Nodes that run do without the pool; whatever makes or removes a disk has it back first.
    private mutating func tellPoolFault() {
        guard let fault = observed.provider.poolFault, nodes.contains(where: { $0.role.runtime == .vm }) else { return }
        warnings.append(
            .warning(fault, notes: ["slipway has it back as soon as it makes or removes a disk; nothing in it is lost"])
        )
    }

    private func diskWarning(_ change: DiskSize.Change, of node: PlacedNode) -> Diagnostic {
        switch change {
        case .grew(let size, let made):
            .warning(
                "the disk of '\(node.name)' has \(size), and was made with \(made)",
                notes: ["to keep it so: `disk: \(size)` of role '\(node.role.name)' in the file"],
            )
        case .shrank(let size, let made):
            .warning(
                "the disk of '\(node.name)' has \(size), and was made with \(made): what lay beyond its end is lost",
                notes: ["to make it anew, without what was stored on it: slipway replace \(topology.name) \(node.name)"],
            )
        }
    }

    /// Returns whether all that the file has new of a node is what its definition has, and it runs with: then it need
    /// not be restarted for it.
    func takesUp(_ node: PlacedNode) -> Bool {
        let plan = nodePlan(node, peers: wantedPeers, state: .new)
        guard let present = node.observed, present.hasStorage, present.phase == .ready,
            present.configDigest != plan.configDigest, present.baseDigest == plan.baseDigest,
            present.image == plan.image, let parts = present.configParts, let planned = plan.configParts,
            parts.changed(in: planned).isSubset(of: ["memory", "cpus"]), parts != planned, let defined = present.defined
        else { return false }
        let (memory, cpus) = (plan.resources.memoryMiB, plan.resources.cpus)
        guard defined.memoryMiB == memory, defined.cpus == cpus else { return false }
        guard let live = present.live else { return present.power == .off }
        return live.memoryMiB == memory && (live.cpus == cpus || present.runtime == .container)
    }

    private func configDigest(of node: PlacedNode) -> String {
        nodePlan(node, peers: wantedPeers, state: .new).configDigest
    }
}
