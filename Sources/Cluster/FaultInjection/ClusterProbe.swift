import Basics
import Chaos
import Etcd
import Planning
import Provisioning
import TopologyModel

/// Looks at a cluster as often as somebody needs to know how it is.
struct ClusterProbe: Sendable {
    let provider: any ClusterProvider
    let clusters: any ClusterClients
    let nodes: [ObservedNode]

    private var members: [ObservedNode] { nodes.filter { $0.etcd == .member } }
    private var endpoints: [String] { members.compactMap(\.clientURL) }

    /// The nodes, and why those that are not well are not.
    ///
    /// - Throws: where libvirt does not answer; an etcd or a fleet that does not answer is not well.
    func now() async throws -> (view: ClusterView, troubles: [String: String]) {
        async let provided = provider.observe()
        async let statuses = statuses()
        async let machines = machines()
        let powers = Dictionary(try await provided.nodes(of: nodes.first?.cluster ?? "").map { ($0.name, $0.power) }) {
            $1
        }
        let (etcd, present) = await (statuses, machines)
        // A leader is one that a majority follows.
        let votes = Dictionary(grouping: etcd.values.compactMap(\.leader), by: \.self).mapValues(\.count)
        let leader = votes.first { $0.value * 2 > members.count }?.key
        var troubles: [String: String] = [:]
        let seen = nodes.map { node in
            let trouble: String? =
                if powers[node.name] != .running {
                    "it does not run"
                } else if node.etcd == .member, etcd[node.name]?.leader == nil || etcd[node.name]?.leader != leader {
                    "its etcd does not follow the leader"
                } else if node.runsFleet, present?.contains(machineID(node)) != true {
                    present == nil ? "fleet's state cannot be read" : "it is no machine of fleet"
                } else {
                    nil
                }
            troubles[node.name] = trouble
            return ClusterView.Node(
                node.name,
                role: node.role,
                isMember: node.etcd == .member,
                leads: node.etcd == .member && leader != nil && etcd[node.name]?.member == leader,
                runsFleet: node.runsFleet,
                isVM: node.runtime == .vm,
                isWell: trouble == nil,
            )
        }
        return (ClusterView(seen.sorted { NaturalOrder.precedes($0.name, $1.name) }), troubles)
    }

    /// Waits until these nodes are well.
    ///
    /// - Returns: what is wrong with those that are not, after `limit`.
    func untilWell(_ names: [String], limit: Duration) async -> [String] {
        let end = ContinuousClock.now + limit
        while true {
            var troubles: [String] = []
            do {
                let seen = try await now()
                troubles = names.compactMap { name in seen.troubles[name].map { "\(name): \($0)" } }
            } catch {
                troubles = ["\(error)"]
            }
            if troubles.isEmpty || ContinuousClock.now >= end { return troubles }
            // Whoever waits here is told what is wrong so far.
            do { try await Task.sleep(for: .milliseconds(500)) } catch { return troubles }
        }
    }

    private func machineID(_ node: ObservedNode) -> String {
        Identity.machineID(cluster: node.cluster, node: node.name)
    }

    private func statuses() async -> [String: MemberStatus] {
        let etcd = clusters.etcd(endpoints)
        return await withTaskGroup(of: (String, MemberStatus?).self) { group in
            for member in members {
                guard let url = member.clientURL else { continue }
                group.addTask {
                    // One that does not answer is not well.
                    (member.name, try? await etcd.status(of: url))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Nil where fleet's state cannot be read.
    private func machines() async -> Set<String>? {
        let fleet = clusters.fleet(endpoints)
        return await withDeadline(.seconds(6)) { try? await fleet.observe().machines } ?? nil
    }
}
