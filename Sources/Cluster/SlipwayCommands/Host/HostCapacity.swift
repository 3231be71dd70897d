import Diagnostics
import Planning
import Provisioning
import TopologyModel
import Workspace

/// Shortages of a host for the nodes that a plan makes: said before anything is made.
enum HostCapacity {
    /// Findings about resources that this host lacks for the plan's nodes; none where they are on another.
    static func shortages(of planned: PlannedCluster, _ workspace: HostWorkspace) -> [Diagnostic] {
        guard !workspace.isRemote else { return [] }
        let nodes = planned.observed.provider.nodes
        return shortages(
            of: planned.plan,
            running: nodes.count { $0.runtime == .container && $0.power == .running },
            availableMiB: HostWorkspace.load?.availableMiB,
            sysctls: HostFacts.readSysctls(),
        )
    }

    /// - Parameters:
    ///   - plan: whose nodes are to be on this host.
    ///   - running: container nodes of all clusters that run on it.
    ///   - availableMiB: memory that programs can still have; nil where it is not known.
    ///   - sysctls: as in ``HostFacts/sysctls``.
    static func shortages(
        of plan: Plan,
        running: Int,
        availableMiB: Int?,
        sysctls: [String: String],
    ) -> [Diagnostic] {
        let new = plan.steps.compactMap { step -> NodePlan? in
            if case .createNode(let node) = step.action, node.runtime == .container { node } else { nil }
        }
        guard !new.isEmpty else { return [] }
        let memory = availableMiB.flatMap { memoryShortage(new, availableMiB: $0) }
        let ports = plan.nodes.count > HostLimits.bridgePorts ? [tooManyPorts(plan.nodes.count)] : []
        return [memory].compactMap(\.self) + ports
            + HostLimits.shortages(nodes: running + new.count, sysctls: sysctls)
    }

    /// A container's memory is a limit and nothing that is set aside for it.
    private static func memoryShortage(_ nodes: [NodePlan], availableMiB: Int) -> Diagnostic? {
        let limit = nodes.reduce(0) { $0 + $1.resources.memoryMiB }
        let start = nodes.count * BootBound.containerMiB
        let containers = nodes.count == 1 ? "1 new container" : "\(nodes.count) new containers"
        let notes = ["take fewer nodes, or smaller ones, or give the host more memory"]
        if start > availableMiB {
            let text =
                "\(containers) take about \(start)MiB of memory to begin with, and the host has \(availableMiB)MiB"
            return .warning(text, notes: notes)
        }
        guard limit > availableMiB else { return nil }
        let text = "\(containers) may use \(limit)MiB of memory together, and the host has \(availableMiB)MiB"
        return .warning(text, notes: notes)
    }

    private static func tooManyPorts(_ nodes: Int) -> Diagnostic {
        .warning("\(nodes) nodes are on one bridge, and Linux takes \(HostLimits.bridgePorts)")
    }
}
