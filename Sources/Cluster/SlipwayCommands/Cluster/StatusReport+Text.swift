import Basics
import Planning
import Provisioning
import Terminal
import Workspace

extension StatusReport {
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
        let cut = cutRestore.map { name in
            style.paint("It was being put back to snapshot '\(name)', and that was cut short.", .red)
                + "\nGive it again: slipway snapshot restore \(cluster) \(name)\n"
        }
        let isFull = etcdAlarms?.contains(where: \.isOfSpace) ?? false
        let advice = (cut ?? "") + alarms + (isFull ? "To make room: slipway maintain \(cluster)\n" : "")
        return "\(title): \(etcd)\(split ?? "").\n\(advice)\n" + table + bootNotes.map { "\n\($0)\n" }.joined()
            + (units.isEmpty ? "" : "\n" + unitTable(counting: isShort).format(style: style))
    }

    /// Sentences about nodes whose image is not the one that they were given last.
    private var bootNotes: [String] {
        nodes.flatMap { node -> [String] in
            let left = node.left.map { left in
                let root = left.image.root.prefix(12)
                return "\(node.name) went back from root \(root) by itself: \(left.reason)"
            }
            let trial =
                node.isOnTrial == true ? "\(node.name) is on trial with its image, and goes back if not well" : nil
            let staged = node.staged.map { "\(node.name) takes root \($0.prefix(12)) at its next reboot" }
            return [left, trial, staged].compactMap { $0.map { "\($0)." } }
        }
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
        let unwell = nodes.filter { !$0.isWell }
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
