import Basics
import TopologyModel
import UnitFiles

/// A cluster's state, for people and programs.
package struct StatusReport: Sendable, Encodable, Hashable {
    /// A node of the cluster.
    package struct Node: Sendable, Encodable, Hashable {
        /// Name in the cluster.
        package var name: String
        /// Name of its role.
        package var role: String
        /// `container` or `vm`.
        package var runtime: String
        /// `ready`, `starting`, `off`, `paused`, `leaving` or `half made`.
        package var state: String
        /// Address; nil where it has none.
        package var address: String?
        /// `healthy`, `unhealthy`, `proxy`, `unknown`, or nil for a node without etcd.
        package var etcd: String?
        /// True when fleet lists the machine; nil when fleet could not be asked.
        package var fleet: Bool?
        /// ID of the machine in fleet.
        package var machineID: String
        /// Number of units on it.
        package var units: Int
        /// True while it has not been well yet on the image that it was given; nil otherwise.
        package var isOnTrial: Bool?
        /// Root that it takes at its next reboot; nil for the one that it runs.
        package var staged: String?
        /// The last image that it left by itself; nil for none.
        package var left: ObservedBoot.Retreat?

        /// True when it is ready, with its etcd healthy and fleet listing it.
        package var isWell: Bool { state == "ready" && etcd != "unhealthy" && fleet != false }
    }

    /// A unit of fleet.
    package struct Unit: Sendable, Encodable, Hashable {
        /// Name with suffix.
        package var name: String
        /// State wanted of it.
        package var desired: String
        /// systemd's state on each machine that has it.
        package var states: [String: String]
        /// Reason why it is placed nowhere; nil when it is placed or not wanted.
        package var reason: String?
        /// True when it runs, or has ended well, wherever it is.
        package var isWell: Bool

        private enum CodingKeys: CodingKey { case name, desired, states, reason }
    }

    /// Name of the cluster.
    package var cluster: String
    /// Addresses of its network; nil where it has none.
    package var network: String?
    /// True when etcd has a majority.
    package var quorum: Bool
    /// IDs of the etcd clusters that the members belong to; nil unless there is more than one.
    package var etcdClusters: [String]?
    /// Alarms of etcd's members; nil where there are none.
    package var etcdAlarms: [ObservedEtcd.Alarm]?
    /// Name of the snapshot that it was being put back to when that was cut short; nil where it was not.
    package var cutRestore: String?
    /// Nodes, sorted by name.
    package var nodes: [Node]
    /// Units, sorted by name.
    package var units: [Unit]

    /// The state that is seen of a cluster.
    package init(_ seen: Observation, cluster: String) {
        self.cluster = cluster
        let observed = seen.provider.nodes(of: cluster)
        network = seen.provider.network(of: cluster)?.cidr.map { "\($0)" }
        quorum = seen.etcd?.hasQuorum ?? false
        let ids = seen.etcdClusterIDs(of: cluster)
        etcdClusters = ids.count > 1 ? ids.sorted() : nil
        etcdAlarms = seen.etcd?.alarms
        cutRestore = seen.provider.cutRestore(of: cluster)?.name
        let names = Dictionary(
            observed.map { (Identity.machineID(cluster: cluster, node: $0.name), $0.name) },
            uniquingKeysWith: { first, _ in first },
        )
        nodes = observed.map { Self.node($0, seen: seen, cluster: cluster) }
        // What fleet has left in etcd of a cluster that is without it now says nothing of what runs.
        let fleet = observed.contains(where: \.runsFleet) ? seen.fleet : nil
        units = (fleet?.units.values ?? [:].values).naturallySorted(by: \.name).map { unit in
            let states = unit.states.map { (names[$0.key] ?? String($0.key.prefix(8)), $0.value) }
            return Unit(
                name: unit.name,
                desired: unit.desiredState.rawValue,
                states: Dictionary(states, uniquingKeysWith: { first, _ in first }),
                reason: unit.reason,
                isWell: !unit.states.isEmpty && unit.states.keys.allSatisfy(unit.isWell),
            )
        }
    }

    /// True when anything of the cluster exists.
    package var exists: Bool { !nodes.isEmpty || network != nil }

    /// True when all nodes are ready and all units as wanted.
    package var isWell: Bool {
        quorum && etcdClusters == nil && etcdAlarms == nil && cutRestore == nil
            && nodes.allSatisfy(\.isWell)
            && units.allSatisfy { $0.desired != "launched" || $0.isWell }
    }

    private static func node(_ node: ObservedNode, seen: Observation, cluster: String) -> Node {
        let machineID = Identity.machineID(cluster: cluster, node: node.name)
        return Node(
            name: node.name,
            role: node.role,
            runtime: node.runtime.rawValue,
            state: state(node),
            address: node.address.map { "\($0)" },
            etcd: etcd(node, seen: seen),
            fleet: !node.runsFleet ? nil : seen.fleet.map { $0.machines.contains(machineID) },
            machineID: machineID,
            units: seen.fleet?.units.values.filter { $0.states[machineID] != nil }.count ?? 0,
            isOnTrial: node.boot?.isOnTrial == true ? true : nil,
            staged: node.boot?.staged?.root,
            left: node.boot?.retreat,
        )
    }

    private static func state(_ node: ObservedNode) -> String {
        if !node.hasDomain { return "half made" }
        if node.phase == .leaving { return "leaving" }
        switch node.power {
        case .running: return node.phase == .ready ? "ready" : "starting"
        case .off: return "off"
        case .other: return "paused"
        }
    }

    private static func etcd(_ node: ObservedNode, seen: Observation) -> String? {
        switch node.etcd {
        case .none: return nil
        case .proxy, .readonly: return node.etcd.rawValue
        case .member:
            guard let etcd = seen.etcd, let url = node.peerURL else { return "unknown" }
            return etcd.member(peerURL: url)?.healthy == true ? "healthy" : "unhealthy"
        }
    }
}
