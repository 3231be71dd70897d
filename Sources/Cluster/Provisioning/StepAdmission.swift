import Planning
import TopologyModel

/// Choice of the steps that begin now, of those that could, in the plan's order: of those that take a unit
/// from fleet, only so many at a time, since hundreds of requests wait for each other until each has lasted too long
/// (those that give it one are written together, ``UnitDeployments``); of those by which nodes leave fleet, likewise; and of those that start a node, as many as the host can carry. A node counts from
/// its start until it is ready.
struct StepAdmission {
    /// Number of units destroyed at a time: more are no faster with one etcd leader, and the connections to it are few.
    static let units = 6
    /// Nodes that leave fleet at a time. Each stops its units and says so: of sixty at once on two processors most lost
    /// their leases before they had said that they leave, and fleet, which took that for a host with too much to do, let
    /// their units wait.
    static let leaves = 16

    private let bound: BootBound?
    /// Nodes whose ladder the plan climbs.
    private let awaited: Set<String>
    private var destroying = 0
    private var leaving = 0
    private var booting: Set<String> = []

    /// - Parameter bound: nil for as many boots as there are.
    init(_ plan: Plan, bound: BootBound?) {
        self.bound = bound
        awaited = Set(
            plan.steps.compactMap { step in
                if case .awaitNode(let node) = step.action { node.name } else { nil }
            }
        )
    }

    /// Returns whether the step begins now; it counts until ``ended(_:)``.
    ///
    /// - Parameter load: nil where nothing is known of the host.
    mutating func admits(_ step: Step, load: HostLoad? = nil) -> Bool {
        if case .destroyUnit = step.action {
            guard destroying < Self.units else { return false }
            destroying += 1
            return true
        }
        if case .leaveFleet = step.action {
            guard leaving < Self.leaves else { return false }
            leaving += 1
            return true
        }
        guard let bound, let (name, node) = Self.boot(step), !booting.contains(name) else { return true }
        // etcd's members need each other: one that waits for its turn may be what the others wait for.
        let isMember = node?.etcd == .member
        guard
            isMember || bound.admits(booting: booting.count, memoryMiB: node?.memoryAtStart ?? 0, load: load)
        else { return false }
        booting.insert(name)
        return true
    }

    /// Notes the end of a step that was admitted.
    mutating func ended(_ step: Step) {
        if case .destroyUnit = step.action { destroying -= 1 }
        if case .leaveFleet = step.action { leaving -= 1 }
        guard let (name, _) = Self.boot(step) else { return }
        if case .awaitNode = step.action {
            booting.remove(name)
        } else if !awaited.contains(name) {
            booting.remove(name)
        }
    }

    /// The node that a step starts or waits for.
    private static func boot(_ step: Step) -> (name: String, node: NodePlan?)? {
        switch step.action {
        case .createNode(let node), .reconfigureNode(let node), .awaitNode(let node): (node.name, node)
        case .rebootNode(let node, _): (node.name, node)
        case .upgradeNode(let upgrade): (upgrade.node.name, upgrade.node)
        case .startNode(let node): (node.name, nil)
        default: nil
        }
    }
}

extension NodePlan {
    /// Memory that the node takes by the time it is ready, in MiB, about.
    fileprivate var memoryAtStart: Int {
        spec.runtime == .vm ? resources.memoryMiB : min(resources.memoryMiB, BootBound.containerMiB)
    }
}
