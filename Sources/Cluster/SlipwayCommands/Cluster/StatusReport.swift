import Basics
import Planning
import Provisioning
import Terminal
import TopologyModel
import UnitFiles
import Workspace

/// A cluster's state, for people and programs.
struct StatusReport: Encodable, Hashable {
    struct Node: Encodable, Hashable {
        var name: String
        var role: String
        var runtime: String
        var state: String
        var address: String?
        /// `healthy`, `unhealthy`, `proxy`, `unknown`, or nil for a node without etcd.
        var etcd: String?
        /// True when fleet lists the machine; nil when fleet could not be asked.
        var fleet: Bool?
        var machineID: String
        var units: Int
    }

    struct Unit: Encodable, Hashable {
        var name: String
        var desired: String
        /// systemd's state on each machine that has it.
        var states: [String: String]
        var reason: String?
        /// True when it runs, or has ended well, wherever it is.
        var isWell: Bool

        private enum CodingKeys: CodingKey { case name, desired, states, reason }
    }

    var cluster: String
    var network: String?
    var quorum: Bool
    /// IDs of the etcd clusters that the members belong to; nil unless there is more than one.
    var etcdClusters: [String]?
    /// Alarms of etcd's members; nil where there are none.
    var etcdAlarms: [ObservedEtcd.Alarm]?
    var nodes: [Node]
    var units: [Unit]

    init(_ seen: Observation, cluster: String) {
        self.cluster = cluster
        let observed = seen.provider.nodes(of: cluster)
        network = seen.provider.network(of: cluster)?.cidr.map { "\($0)" }
        quorum = seen.etcd?.hasQuorum ?? false
        let ids = seen.etcdClusterIDs(of: cluster)
        etcdClusters = ids.count > 1 ? ids.sorted() : nil
        etcdAlarms = seen.etcd?.alarms
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

    var exists: Bool { !nodes.isEmpty || network != nil }

    /// Observes a cluster.
    ///
    /// - Throws: `ProvisioningError` where there is none of that name.
    static func observing(_ name: String, _ workspace: HostWorkspace) async throws -> (StatusReport, Observation) {
        let seen = try await workspace.observer(of: name).observe(name)
        let report = StatusReport(seen, cluster: name)
        // Not a ValidationError: that would exit with 64, and print how the command is used.
        guard report.exists else { throw ProvisioningError("there is no cluster '\(name)'", hints: ["slipway list"]) }
        return (report, seen)
    }

    /// True when all nodes are ready and all units as wanted.
    var isWell: Bool {
        quorum && etcdClusters == nil && etcdAlarms == nil
            && nodes.allSatisfy(Self.isWell)
            && units.allSatisfy { $0.desired != "launched" || $0.isWell }
    }

    static func isWell(_ node: Node) -> Bool {
        node.state == "ready" && node.etcd != "unhealthy" && node.fleet != false
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

    // MARK: Text

    /// Nodes beyond which each role is one line.
    private static let fewNodes = 40
    /// Machines beyond which a unit's are counted.
    private static let fewMachines = 8

    /// - Parameter all: whether each node is shown, however many there are.
    func text(style: Style, all: Bool = false) -> String {
        let title = "Cluster \(style.paint(cluster, .bold)) on \(network ?? "no network")"
        let etcd = quorum ? "etcd has a quorum" : style.paint("etcd has no quorum", .red)
        let split = etcdClusters.map { ids in
            let text = "the members belong to \(ids.count) etcd clusters: \(ids.joined(separator: ", "))"
            return "; " + style.paint(text, .red)
        }
        let isShort = nodes.count > Self.fewNodes && !all
        let table = isShort ? summary(style: style) : nodeTable(nodes).format(style: style)
        let alarms = (etcdAlarms ?? []).map { style.paint($0.consequence, .red) + ".\n" }.joined()
        let isFull = etcdAlarms?.contains(where: \.isOfSpace) ?? false
        let advice = alarms + (isFull ? "To make room: slipway maintain \(cluster)\n" : "")
        return "\(title): \(etcd)\(split ?? "").\n\(advice)\n" + table
            + (units.isEmpty ? "" : "\n" + unitTable(counting: isShort).format(style: style))
    }

    /// A line for each role, and one for each node that is not well.
    private func summary(style: Style) -> String {
        let roles = Dictionary(grouping: nodes, by: \.role).naturallySorted(by: \.key)
        let table = Table(
            "ROLE",
            "NODES",
            "STATE",
            "RUNTIME",
            "ETCD",
            "FLEET",
            "UNITS",
            rows: roles.map { role, nodes in
                [
                    role, "\(nodes.count)", Self.counts(nodes, \.state), Self.counts(nodes, \.runtime),
                    Self.counts(nodes) { $0.etcd ?? "-" }, Self.counts(nodes, Self.fleetText),
                    "\(nodes.reduce(0) { $0 + $1.units })",
                ]
            },
        )
        let unwell = nodes.filter { !Self.isWell($0) }
        return table.format(style: style)
            + (unwell.isEmpty ? "" : "\n" + nodeTable(unwell).format(style: style))
            + "\n--all shows each node.\n"
    }

    /// `58 ready, 2 starting`; what most have comes first.
    private static func counts(_ nodes: [Node], _ text: (Node) -> String) -> String {
        let counts = Dictionary(grouping: nodes, by: text).mapValues(\.count)
        let ordered = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return ordered.map { $0.key == "-" ? "-" : "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    private static func fleetText(_ node: Node) -> String {
        node.fleet.map { $0 ? "listed" : "missing" } ?? "-"
    }

    private func nodeTable(_ nodes: [Node]) -> Table {
        Table(
            "NODE",
            "STATE",
            "ADDRESS",
            "RUNTIME",
            "ETCD",
            "FLEET",
            "UNITS",
            "MACHINE",
            rows: nodes.map { node in
                [
                    node.name, node.state, node.address ?? "-", node.runtime, node.etcd ?? "-",
                    Self.fleetText(node), "\(node.units)", "\(node.machineID.prefix(8))",
                ]
            },
        )
    }

    private func unitTable(counting: Bool) -> Table {
        Table(
            "UNIT",
            "WANTED",
            "STATE",
            rows: units.map { unit in
                var states = unit.states.naturallySorted(by: \.key).map { "\($0.value) on \($0.key)" }
                if counting, states.count > Self.fewMachines {
                    let counts = Dictionary(grouping: unit.states.values) { $0 }.mapValues(\.count)
                    states = counts.naturallySorted(by: \.key).map { "\($0.key) on \(Format.count($0.value, "node"))" }
                }
                let state = states.isEmpty ? unit.reason ?? "-" : states.joined(separator: ", ")
                return [unit.name, unit.desired, state]
            },
        )
    }
}
