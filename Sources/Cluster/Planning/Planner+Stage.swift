import Basics
import CloudConfig
import Diagnostics
import TopologyModel

/// A node that is told of another image, which it takes at its next reboot.
package struct NodeStaging: Sendable, Hashable {
    /// Node as it is with the image.
    package var node: NodePlan
    /// The node as it is; nil where what was staged before is taken back.
    package var fallback: NodePlan?

    package init(_ node: NodePlan, fallback: NodePlan?) {
        self.node = node
        self.fallback = fallback
    }
}

extension Planner {
    /// The plan that only tells nodes of another image. Those that have it staged already are left as they are; one that
    /// is told of the image that it runs forgets what was staged.
    ///
    /// - Parameters:
    ///   - goers: nodes as they are with the image, which they do not run.
    ///   - chosen: nodes that are meant.
    func stage(
        _ upgrade: Upgrade,
        _ goers: [NodePlan],
        _ chosen: [NodePlan],
        _ own: [ObservedNode],
        in present: Plan,
        from observed: Observation,
    ) throws(DiagnosticsError) -> Plan {
        if !upgrade.triesAgain { try refuseRetreats(goers, own) }
        let boots = Dictionary(own.map { ($0.name, $0.boot) }) { first, _ in first }
        try refuseUnstageable(goers, boots)
        let before = present.steps.map(\.id)
        let told = goers.filter { boots[$0.name]??.staged != $0.image }.map { node in
            let fallback = present.nodes.first { $0.name == node.name } ?? node
            let action = Action.stageNode(NodeStaging(node, fallback: fallback))
            let reason = "root \(inputs.rootName(fallback.image.root)) → \(inputs.rootName(node.image.root))"
            let turn = node.reboot.strategy.turn
            return Step("node/\(node.name)/stage", action, reason: "\(reason), \(turn)", needs: before)
        }
        let names = Set(goers.map(\.name))
        let forgetting = chosen.filter { !names.contains($0.name) && boots[$0.name]??.staged != nil }.map { node in
            let action = Action.stageNode(NodeStaging(node, fallback: nil))
            return Step("node/\(node.name)/stage", action, reason: "it keeps the image that it runs", needs: before)
        }
        do {
            let plan = try Plan(
                cluster: present.cluster,
                purpose: .upgrade,
                generation: present.generation,
                nodes: present.nodes,
                network: present.network,
                steps: present.steps + told + forgetting,
                warnings: present.warnings,
                notes: told.isEmpty ? [] : ["A node that is not well with its new image goes back by itself."],
            )
            try plan.check(from: observed)
            return plan
        } catch {
            throw DiagnosticsError(error.diagnostics)
        }
    }

    /// Refuses nodes that cannot be told of an image now.
    private func refuseUnstageable(
        _ nodes: [NodePlan],
        _ boots: [String: ObservedBoot?],
    ) throws(DiagnosticsError) {
        let refused = nodes.compactMap { node -> Diagnostic? in
            guard let boot = boots[node.name] ?? nil else {
                return .error(
                    "'\(node.name)' was started by an earlier version of slipway, and does not choose its image itself",
                    notes: ["give it this one by a restart, without --stage: slipway upgrade"],
                )
            }
            guard boot.isOnTrial else { return nil }
            return .error(
                "'\(node.name)' is on trial with the image that it runs, and takes no other before it is well with it",
                notes: ["slipway status \(topology.name)"],
            )
        }
        guard refused.isEmpty else { throw DiagnosticsError(refused) }
    }
}

extension RebootStrategy {
    /// When a node with the strategy takes what is staged, in a few words.
    fileprivate var turn: String {
        switch self {
        case .etcdLock: "when it gets its place in the reboot semaphore"
        case .reboot: "at once"
        case .bestEffort: "when it gets its place in the reboot semaphore, or at once without etcd"
        case .off: "when somebody reboots it"
        }
    }
}
