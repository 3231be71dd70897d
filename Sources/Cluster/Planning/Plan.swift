import Basics
import Diagnostics
import TopologyModel
import UnitFiles

/// Steps in their order, with reasons. Every choice has been made.
package struct Plan: Sendable, Hashable {
    /// Command that a plan is for.
    package enum Purpose: String, Sendable, Hashable {
        /// Make the cluster what its file says.
        case converge
        /// Remove the cluster.
        case tearDown
        /// Reboot nodes, and leave the cluster as it is.
        case roll
        /// Put a backup into the etcd of a cluster that exists, or a cluster back to a snapshot.
        case restore
        /// Give nodes another image, or the one before.
        case upgrade
    }

    /// Name of the cluster.
    package var cluster: String
    /// Command that it is for.
    package var purpose: Purpose
    /// Number that nodes made by it bear.
    package var generation: Int
    /// The nodes there will be; empty for a teardown.
    package var nodes: [NodePlan]
    /// Network of the cluster; nil where it is to go.
    package var network: NetworkPlan?
    /// Discovery token to serve while the steps are done, so that etcd's first members find each other.
    package var discovery: DiscoveryPlan?
    /// In an order in which they could be done one by one.
    package let steps: [Step]
    /// Findings that do not keep it from being carried out.
    package var warnings: [Diagnostic]
    /// Notes for people beside the steps: choices made for this host.
    package var notes: [String]
    /// Addresses of members that go together, by name: their etcd need not wait for a successor.
    package var lastMembers: [String: IPv4Address] = [:]
    /// Nodes that are lost for good, and that are left as they are.
    package var lost: [LostNode] = []
    /// Name of the lost node that it replaces by itself, of whose storage nothing was left; nil for none.
    package var emptyRepair: String?
    /// True when the file asks for more, which can be planned only when these steps are done.
    package var continues = false

    /// A plan of these steps.
    ///
    /// - Throws: ``PlanFault`` when two steps have one ID, or a step needs one that is not before it.
    package init(
        cluster: String,
        purpose: Purpose,
        generation: Int,
        nodes: [NodePlan] = [],
        network: NetworkPlan? = nil,
        discovery: DiscoveryPlan? = nil,
        steps: [Step] = [],
        warnings: [Diagnostic] = [],
        notes: [String] = [],
    ) throws(PlanFault) {
        let faults = PlanFault.inOrder(of: steps)
        guard faults.isEmpty else { throw PlanFault(faults) }
        self.cluster = cluster
        self.purpose = purpose
        self.generation = generation
        self.nodes = nodes
        self.network = network
        self.discovery = discovery
        self.steps = steps
        self.warnings = warnings
        self.notes = notes
    }
}

extension Plan {
    /// Names of the nodes that it removes, be they made anew after that or not.
    package var removedNodes: [String] {
        steps.compactMap { if case .removeNode(let node) = $0.action { node.name } else { nil } }
    }

    /// Steps that destroy something that is there.
    package var destructiveSteps: [Step] {
        steps.filter { step in
            if case .removeNode(let node) = step.action, node.name == emptyRepair { return false }
            return step.cost == .destroys
        }
    }

    /// Names of the nodes that it makes.
    package var madeNodes: [String] {
        steps.compactMap { if case .createNode(let node) = $0.action { node.name } else { nil } }
    }

    /// Refuses a plan for nodes of a cluster that has not all of them.
    func refuseLost(_ consequence: String) throws(DiagnosticsError) {
        guard let first = lost.first else { return }
        throw DiagnosticsError([
            .error(
                "'\(first.name)' is lost for good (\(first.loss.reason)), so \(consequence)",
                notes: lost.map { "first: \($0.command)" },
            )
        ])
    }

    /// True when there is nothing to do.
    package var isEmpty: Bool { steps.isEmpty }

    /// The same cluster with these steps, which reboot nodes.
    func rolling(_ steps: [Step]) throws(PlanFault) -> Plan {
        try Plan(
            cluster: cluster,
            purpose: .roll,
            generation: generation,
            nodes: nodes,
            network: network,
            steps: steps,
            warnings: warnings,
            notes: notes,
        )
    }
}

/// One thing to do.
package struct Step: Sendable, Hashable, Identifiable {
    /// Cost of a step to the cluster's users.
    package enum Cost: String, Sendable, Hashable {
        /// Nothing: something is added or only looked at.
        case none
        /// A node is away for a moment.
        case restarts
        /// A node, and what is stored on it, is gone afterwards.
        case destroys
    }

    /// Stable and readable: `node/worker-1/create`.
    package var id: StepID
    /// Change or wait.
    package var action: Action
    /// Reason, in a few words.
    package var reason: String
    /// IDs of the steps that must have been done before.
    package var needs: [StepID]
    /// Cost to the cluster's users.
    package var cost: Cost

    package init(_ id: StepID, _ action: Action, reason: String, needs: [StepID] = [], cost: Cost = .none) {
        self.id = id
        self.action = action
        self.reason = reason
        self.needs = needs
        self.cost = cost
    }
}

/// Change or wait of a step, with everything that the executor needs.
package enum Action: Sendable, Hashable {
    /// Makes the image the nodes run.
    case buildImage(ImageDigests)
    /// Fetches an image from elsewhere, and makes the disk of node programs for it.
    case fetchImage(ImageDigests, source: String)
    case createNetwork(NetworkPlan)
    /// Storage, config drive, domain and start, from wherever an earlier run left off.
    case createNode(NodePlan)
    /// Starts a node that is powered off.
    case startNode(NodeReference)
    /// Has libvirt start the node with the host, or not.
    case setAutostart(NodeReference, isOn: Bool)
    /// Writes the node's definition anew, as it was, whether it runs or not.
    case defineNode(NodePlan)
    /// Gives a node that runs the memory that it is to have.
    case setMemory(NodeReference, mebibytes: Int)
    /// Stops the node, gives it its new config drive and domain, and starts it again; its data stay.
    case reconfigureNode(NodePlan)
    /// Shuts the node down and starts it again as it is, with a place in the group's reboot semaphore where one is
    /// named.
    case rebootNode(NodePlan, semaphore: RebootSemaphoreGroup?)
    /// Stops the node, gives it another image, starts it and sees it ready; where that does not come to a good end, the
    /// same with the image that it had.
    case upgradeNode(NodeUpgrade)
    /// Tells the node, which runs on, of an image for its next reboot.
    case stageNode(NodeStaging)
    /// Gives the place of a rebooted node back, which it may have done itself.
    case releaseReboot(NodePlan, semaphore: RebootSemaphoreGroup)
    /// Waits until every member is healthy.
    case awaitEtcd(members: [NodePlan])
    /// Waits until etcd has its majority back, which any one healthy member shows: which of these it still lists could
    /// not be known while etcd was silent.
    case awaitQuorum(members: [NodePlan])
    /// Tells etcd of a member that will start next.
    ///
    /// It follows, and has no vote yet. `endpoints` are client URLs of members to be asked.
    case addMember(NodePlan, endpoints: [String])
    /// Gives a member its vote, once it has etcd's data.
    case promoteMember(NodePlan, endpoints: [String])
    /// Takes a member out of etcd.
    case removeMember(name: String, peerURL: String, endpoints: [String])
    /// Climbs the node's ladder to its end.
    case awaitNode(NodePlan)
    /// Lets machines that are going to leave take no more units: where one leaves after the other, units would move to
    /// some that leave next.
    case drainMachines(Set<String>)
    /// Has the machine leave fleet, so that its units are placed elsewhere.
    case leaveFleet(node: String, machineID: String, address: IPv4Address?)
    /// Removes domain, storage and traces.
    case removeNode(NodeReference)
    /// Gives fleet a unit with the state wanted of it.
    case deployUnit(UnitPlan)
    /// Takes a unit away that Slipway deployed and the file does not name any more.
    case destroyUnit(name: String)
    /// Waits until the units are in the state wanted.
    case awaitUnits([UnitPlan])
    /// Puts back what a backup holds.
    case restore(RestoreAction)
    /// Puts nodes back to a snapshot, or removes snapshots.
    case snapshot(SnapshotAction)
    case removeNetwork(cluster: String)
    /// Removes the cluster's own directory.
    case removeRemains(cluster: String)
}

extension Action {
    /// True for a step that changes nothing, and waits until something is so.
    package var isWait: Bool {
        switch self {
        case .awaitEtcd, .awaitQuorum, .awaitNode, .awaitUnits: true
        default: false
        }
    }
}

/// A node's way to another image, and back.
package struct NodeUpgrade: Sendable, Hashable {
    /// Node as it is to be.
    package var node: NodePlan
    /// The same node with the image that it has.
    package var fallback: NodePlan
    /// Group in whose reboot semaphore it takes a place first; nil for none.
    package var semaphore: RebootSemaphoreGroup?
    /// True when it leaves fleet first, so that its units run elsewhere by then.
    package var isDrained: Bool
    /// Names of fleet's units that every machine runs, and that ran on it.
    package var globalUnits: [String]

    package init(
        _ node: NodePlan,
        fallback: NodePlan,
        semaphore: RebootSemaphoreGroup? = nil,
        isDrained: Bool = false,
        globalUnits: [String] = [],
    ) {
        self.node = node
        self.fallback = fallback
        self.semaphore = semaphore
        self.isDrained = isDrained
        self.globalUnits = globalUnits
    }
}

/// locksmith's semaphore of a group of nodes, and the members of etcd that keep it.
package struct RebootSemaphoreGroup: Sendable, Hashable {
    /// Empty for the one of all.
    package var group: String
    /// Client URLs.
    package var endpoints: [String]

    package init(group: String, endpoints: [String]) {
        self.group = group
        self.endpoints = endpoints
    }
}

/// A token of etcd's discovery, and where it is served.
package struct DiscoveryPlan: Sendable, Hashable {
    /// The port of Slipway's discovery, on the host's address in the cluster's network.
    package static let port = 8087

    /// Address of the host in the cluster's network.
    package var address: IPv4Address
    /// TCP port.
    package var port: Int
    /// Token of the cluster.
    package var token: String
    /// Number of members that meet there.
    package var size: Int

    package init(address: IPv4Address, port: Int = Self.port, token: String, size: Int) {
        self.address = address
        self.port = port
        self.token = token
        self.size = size
    }

    /// URL as members are given it.
    package var url: String { "http://\(address):\(port)/\(token)" }
}

/// A fleet unit to deploy.
package struct UnitPlan: Sendable, Hashable {
    /// Name with suffix.
    package var name: String
    /// The unit's canonical text.
    package var text: String
    /// SHA-1 of the canonical text, in hexadecimal.
    package var hash: String
    /// State to reach.
    package var desiredState: TargetState
    /// IDs of the machines that each run it, sorted, for a global unit; nil for one that runs once.
    package var everywhere: [String]?

    package init(
        name: String,
        text: String,
        hash: String,
        desiredState: TargetState,
        everywhere: [String]? = nil,
    ) {
        self.name = name
        self.text = text
        self.hash = hash
        self.desiredState = desiredState
        self.everywhere = everywhere
    }
}
