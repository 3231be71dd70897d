import ArgumentParser
import Diagnostics
import FoundationEssentials
import Graphs
import Planning
import Provisioning
import TopologyLoading
import TopologyModel
import UnitFiles
import Workspace

struct ClusterGraph: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draw a topology, or a cluster that exists.",
        discussion: """
            A file is drawn as planned: nodes by role, members of etcd, units. A name stands for the cluster as it is now, \
            with the state of nodes and the place of each unit. Roles of more than 12 nodes are drawn as one box where \
            nothing is wrong with them.

              slipway graph Topologies/production.yaml --format svg -o production.svg
              slipway graph production --format dot | dot -Tpng >production.png
              slipway graph production --format mermaid      a block for a README

            The steps of a plan are drawn by `slipway plan FILE --graph`.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @OptionGroup var graph: GraphOptions
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        switch ClusterArgument(cluster) {
        case .file: try graph.write(try planned().graph)
        case .name(let text): try graph.write(try await living(try ClusterName(text).description).graph)
        }
    }

    private func planned() throws -> ClusterPicture {
        let loaded = try Diagnosing.topology(ClusterArgument(cluster))
        return try Diagnosing.showing(loaded.sources) {
            let topology = try loaded.checked()
            let record = PlanRecord(of: topology, time: Int64(Date().timeIntervalSince1970))
            return ClusterPicture(try record.plan(topology))
        }
    }

    private func living(_ name: String) async throws -> ClusterPicture {
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let (report, seen) = try await StatusReport.observing(name, workspace)
        return ClusterPicture(report, seen)
    }
}

extension ClusterPicture {
    /// The cluster that a plan makes.
    init(_ plan: Plan) {
        let units = plan.steps.compactMap { if case .deployUnit(let unit) = $0.action { unit } else { nil } }
        self.init(
            "Cluster \(plan.cluster)" + (plan.network.map { " on \($0.cidr)" } ?? ""),
            nodes: plan.nodes.map {
                Node($0.name, role: $0.role, lines: ["\($0.address)", $0.runtime.rawValue], etcd: $0.etcd)
            },
            units: units.map { unit in
                Unit(unit.name, lines: [unit.desiredState.rawValue] + (unit.everywhere == nil ? [] : ["global"]))
            },
        )
    }

    /// The cluster as it is.
    init(_ report: StatusReport, _ seen: Observation) {
        let parts = Dictionary(seen.provider.nodes(of: report.cluster).map { ($0.name, $0.etcd) }) { first, _ in first }
        self.init(
            "Cluster \(report.cluster) on \(report.network ?? "no network")",
            nodes: report.nodes.map { node in
                let tone: Graph.Tone = node.isWell ? .good : node.state == "starting" ? .busy : .bad
                let state = [node.state, node.etcd == "unhealthy" ? "etcd unhealthy" : nil].compactMap { $0 }
                return Node(
                    node.name,
                    role: node.role,
                    lines: [node.address ?? "no address", node.runtime, state.joined(separator: ", ")],
                    etcd: parts[node.name] ?? .none,
                    tone: tone,
                )
            },
            units: report.units.map { unit in
                let isWanted = unit.desired == "launched"
                return Unit(
                    unit.name,
                    lines: [unit.desired] + (unit.states.isEmpty ? [unit.reason ?? "on no machine"] : []),
                    places: unit.states,
                    tone: !isWanted ? .plain : unit.isWell ? .good : unit.states.isEmpty ? .bad : .busy,
                )
            },
        )
    }
}
