import Basics
import CloudConfig
import Diagnostics
import TopologyModel

/// Nodes to reboot, and the way to do it.
package struct Roll: Sendable, Hashable {
    /// Names of nodes; none stands for all.
    package var nodes: [String]
    /// Names of roles; none stands for all.
    package var roles: [String]
    /// Number of nodes that may be away at a time.
    package var atOnce: Int
    /// True when nodes are rebooted outside their reboot window, too.
    package var ignoresWindows: Bool

    package init(nodes: [String] = [], roles: [String] = [], atOnce: Int = 1, ignoresWindows: Bool = false) {
        self.nodes = nodes
        self.roles = roles
        self.atOnce = atOnce
        self.ignoresWindows = ignoresWindows
    }
}

extension Planner {
    /// The plan that reboots nodes of a cluster that is as its topology says: workers first, then etcd's members, of
    /// which never so many at a time that etcd would lose its majority.
    ///
    /// - Throws: ``DiagnosticsError`` with what stands in the way.
    package func roll(_ roll: Roll, from observed: Observation) throws(DiagnosticsError) -> Plan {
        var plan = try plan(from: observed)
        guard plan.isEmpty else {
            let first = plan.steps.prefix(3).map(\.id.description).joined(separator: ", ")
            throw DiagnosticsError([
                .error(
                    "cluster '\(plan.cluster)' is not as its file says, so its nodes are not rebooted",
                    notes: ["\(plan.steps.count) step(s) are to be done first: \(first)", "do them with: slipway up"],
                )
            ])
        }
        try plan.refuseLost("its cluster's nodes are not rebooted")
        let chosen = try chosenNodes(roll, of: plan)
        if !roll.ignoresWindows { try checkWindows(chosen) }
        var builder = RollBuilder(members: plan.nodes.filter { $0.etcd == .member })
        builder.add(chosen.filter { $0.etcd != .member }, atOnce: roll.atOnce)
        builder.add(chosen.filter { $0.etcd == .member }, atOnce: min(roll.atOnce, builder.tolerance))
        plan.warnings += builder.warnings
        do {
            let roll = try plan.rolling(builder.steps)
            try roll.check(from: observed)
            return roll
        } catch {
            throw DiagnosticsError(error.diagnostics)
        }
    }

    func chosenNodes(_ roll: Roll, of plan: Plan) throws(DiagnosticsError) -> [NodePlan] {
        let names = Set(plan.nodes.map(\.name))
        let roles = Set(topology.roles.map(\.name))
        let unknown =
            roll.nodes.filter { !names.contains($0) }.map { "no node is called '\($0)'" }
            + roll.roles.filter { !roles.contains($0) }.map { "no role is called '\($0)'" }
        guard unknown.isEmpty else {
            throw DiagnosticsError(
                unknown.map { .error($0, notes: ["there are: \(names.naturallySorted().joined(separator: ", "))"]) }
            )
        }
        return plan.nodes.filter { node in
            (roll.nodes.isEmpty || roll.nodes.contains(node.name))
                && (roll.roles.isEmpty || roll.roles.contains(node.role))
        }
    }

    /// Nodes keep UTC unless configured otherwise.
    func checkWindows(_ nodes: [NodePlan]) throws(DiagnosticsError) {
        let day: Int64 = 86_400
        // 1970 began on a Thursday.
        let secondOfWeek = Int((inputs.certificates.now + 3 * day) % (7 * day))
        let closed = nodes.compactMap { node -> Diagnostic? in
            guard let window = node.reboot.window else { return nil }
            let wait = window.wait(at: secondOfWeek)
            guard wait > 0 else { return nil }
            let opens = "which opens in \(wait / 3600) h \(wait / 60 % 60) min"
            return .error(
                "'\(node.name)' may reboot only in its window (\(window), UTC), \(opens)",
                notes: ["to reboot it now: --ignore-window"],
            )
        }
        guard closed.isEmpty else { throw DiagnosticsError(closed) }
    }
}

/// Puts the reboots in order.
struct RollBuilder {
    let members: [NodePlan]
    var steps: [Step] = []
    var warnings: [Diagnostic] = []
    /// The last steps of the nodes that were added together.
    private var done: [StepID] = []

    init(members: [NodePlan]) { self.members = members }

    /// Number of members that may be away at a time; at least one, or nothing could ever be rebooted.
    var tolerance: Int { max(1, (members.count - 1) / 2) }

    /// Adds nodes of which `atOnce` may be away together, after all that were added before.
    mutating func add(_ nodes: [NodePlan], atOnce: Int) {
        let before = done
        var ends: [StepID] = []
        for (index, node) in nodes.enumerated() {
            let needs = index < atOnce ? before : [ends[index - atOnce]]
            ends.append(reboot(node, needs: needs))
            if node.etcd == .member, members.count < 3 {
                let text = "etcd is away while '\(node.name)' reboots: \(members.count) member(s) tolerate no failure"
                warnings.append(.warning(text))
            }
        }
        if !nodes.isEmpty { done = Array(ends.suffix(max(1, atOnce))) }
    }

    /// - Returns: the step after which the node is as it was before.
    private mutating func reboot(_ node: NodePlan, needs: [StepID]) -> StepID {
        let path = "node/\(node.name)"
        let semaphore = Self.semaphore(of: node, members: members)
        let reason = "asked for, by strategy \(node.reboot.strategy.rawValue)"
        let reboot = Action.rebootNode(node, semaphore: semaphore)
        steps.append(Step("\(path)/reboot", reboot, reason: reason, needs: needs, cost: .restarts))
        steps.append(Step("\(path)/ready", .awaitNode(node), reason: "it was rebooted", needs: ["\(path)/reboot"]))
        guard let semaphore else { return "\(path)/ready" }
        let release = Action.releaseReboot(node, semaphore: semaphore)
        steps.append(Step("\(path)/released", release, reason: "it is healthy again", needs: ["\(path)/ready"]))
        return "\(path)/released"
    }

    /// Returns the semaphore in which a node takes a place before it goes down; nil where its strategy asks for none.
    static func semaphore(of node: NodePlan, members: [NodePlan]) -> RebootSemaphoreGroup? {
        let takesPlace = node.reboot.strategy == .etcdLock || node.reboot.strategy == .bestEffort && node.etcd != .none
        return takesPlace ? RebootSemaphoreGroup(group: node.reboot.group, endpoints: members.map(\.clientURL)) : nil
    }
}
