import Basics
import Dashboard
import Diagnostics
import Planning
import Provisioning
import SecureShell
import TopologyLoading
import TopologyModel
import UnitFiles
import Workspace

/// The clusters of this host, for the dashboard.
struct HostDashboard: DashboardSource {
    let workspace: HostWorkspace
    /// The clusters to show, by name; all where there is none.
    let clusters: [String: ClusterArgument]
    /// libvirt's URI, for commands.
    let uri: String
    let host: String

    /// Last lines of a journal that a page gets.
    private static let lines = 200
    /// Lines that are kept for a page that is slow.
    private static let backlog = 2_000
    /// Entries of the history that a page gets.
    private static let historyLength = 50

    func follow(_ show: @escaping @Sendable (HostLook) -> Void) async {
        let wanted = clusters.isEmpty ? nil : Set(clusters.keys)
        await workspace.follower(of: wanted).run(show)
    }

    func journal(of node: String, in cluster: String) async throws -> AsyncThrowingStream<String, any Error> {
        let words = ["sudo", "journalctl", "--no-pager", "--quiet", "--no-hostname", "--output=short-unix", "--follow"]
        return try await lines(of: (words + ["--lines=\(Self.lines)"]).joined(separator: " "), on: node, cluster)
    }

    func load(of node: String, in cluster: String) async throws -> AsyncThrowingStream<NodeLoad, any Error> {
        let lines = try await lines(of: NodeLoad.script, on: node, cluster)
        let (loads, continuation) = AsyncThrowingStream.makeStream(of: NodeLoad.self)
        let task = Task {
            do {
                var round: [String] = []
                for try await line in lines {
                    guard line == NodeLoad.end else {
                        round.append(line)
                        continue
                    }
                    continuation.yield(NodeLoad(round))
                    round = []
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return loads
    }

    /// Time that a member's node has to say who uses it.
    private static let patience = Duration.seconds(5)

    /// One look at each member, rather than one at each of its users: of these there are many.
    func uses(of cluster: String) async throws -> [String: [String]] {
        let nodes = try await workspace.provider.observe().nodes(of: try known(cluster))
        let users = nodes.filter { $0.etcd != .member }
        guard !users.isEmpty else { return [:] }
        return await withTaskGroup(of: (String, Set<IPv4Address>).self) { group in
            for member in nodes where member.etcd == .member && member.power == .running {
                group.addTask { (member.name, await addressesUsing(member.name, cluster)) }
            }
            var uses: [String: [String]] = [:]
            for await (member, addresses) in group {
                for user in users where user.address.map(addresses.contains) ?? false {
                    uses[user.name, default: []].append(member)
                }
            }
            return uses.mapValues { $0.naturallySorted() }
        }
    }

    /// None where the member's node does not say.
    private func addressesUsing(_ member: String, _ cluster: String) async -> Set<IPv4Address> {
        let said = try? await withDeadline(Self.patience) {
            try await lines(of: MemberConnections.script, on: member, cluster).reduce(into: [String]()) {
                $0.append($1)
            }
        }
        return MemberConnections.addresses(said ?? [])
    }

    func plan(of cluster: String) async throws -> PlanDocument {
        let argument = clusters[cluster] ?? .name(cluster)
        let path: String
        do {
            path = try argument.path()
        } catch is UserError {
            let advice = "No topology file of \(cluster) is known. Name it: slipway dashboard FILE"
            return PlanDocument(file: nil, notes: [advice])
        }
        do {
            let topology = try argument.topology()
            guard topology.name == cluster else {
                let note = "\(path) is the file of cluster \(topology.name), not of \(cluster)."
                return PlanDocument(file: nil, notes: [note])
            }
            let plan = try await workspace.plan(topology) { _ in }.plan
            let steps = plan.steps.map {
                PlanDocument.Step(title: StepTitle($0.action).text, reason: $0.reason, cost: $0.cost.rawValue)
            }
            return PlanDocument(file: path, steps: steps, notes: plan.notes)
        } catch let error as DiagnosticsError {
            let texts = error.diagnostics.map { one in one.location.map { "\($0): \(one.message)" } ?? one.message }
            throw DashboardError(texts.joined(separator: "\n"))
        }
    }

    func history(of cluster: String) async throws -> [HistoryEntry] {
        try await workspace.history(of: try known(cluster), last: Self.historyLength).reversed()
    }

    func metrics() async throws -> String {
        let seen = try await workspace.provider.observe()
        let names = Set(seen.nodes.map(\.cluster)).filter { clusters.isEmpty || clusters[$0] != nil }
        var figures: [ClusterFigures] = []
        for name in names.naturallySorted() {
            let (report, seen) = try await StatusReport.observing(name, workspace)
            figures.append(try await ClusterFigures.reading(report, seen, workspace))
        }
        return ClusterFigures.text(of: figures)
    }

    // MARK: Nodes

    /// Lines that a command prints on a node, for as long as somebody reads them.
    private func lines(
        of command: String,
        on node: String,
        _ cluster: String,
    ) async throws -> AsyncThrowingStream<String, any Error> {
        let (client, target) = try await reach(node, cluster)
        return AsyncThrowingStream(bufferingPolicy: .bufferingNewest(Self.backlog)) { continuation in
            let task = Task {
                do {
                    try await client.lines(of: command, on: target) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// - Throws: for a cluster that is not shown.
    private func known(_ cluster: String) throws -> String {
        guard clusters.isEmpty || clusters[cluster] != nil else {
            throw DashboardError("cluster \(cluster) is not shown here")
        }
        return cluster
    }

    private func reach(_ name: String, _ cluster: String) async throws -> (SSHClient, SSHTarget) {
        let nodes = try await workspace.provider.observe().nodes(of: try known(cluster))
        guard let node = nodes.first(where: { $0.name == name && $0.hasDomain }) else {
            throw DashboardError("there is no node \(name) in \(cluster)")
        }
        guard node.power == .running, let address = node.address, await workspace.answers(address, port: 22) else {
            throw DashboardError("\(name) cannot be reached")
        }
        let cluster = try ClusterName(cluster)
        let targets = try workspace.sshTargets(cluster: cluster, nodes: nodes)
        guard let target = targets.first(where: { $0.node == name }) else {
            throw DashboardError("\(name) has no address")
        }
        return (try workspace.sshClient(cluster: cluster), target)
    }
}
