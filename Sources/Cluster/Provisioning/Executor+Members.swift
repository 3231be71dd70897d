import Basics
import Etcd
import Planning
import TopologyModel

/// Steps that wait for etcd's members or change them.
extension Executor {
    /// Waits until all of `members` are healthy, or at least so many of them.
    func awaitEtcd(
        _ members: [NodePlan],
        atLeast needed: Int? = nil,
        say: @escaping @Sendable (String) -> Void,
        warn: @escaping @Sendable (String) -> Void,
    ) async throws {
        let tolerated = members.count - (needed ?? members.count)
        let etcd = clusters.etcd(members.map(\.clientURL))
        let (limit, pause) = (limits.slowed(for: members).etcd, limits.slowed(for: members).pause)
        let seen = Latest<[String]>([])
        // Of members that need not all come back, one may be what etcd no longer lists, and end for good.
        let whole = try await guarded(members) {
            try await whileTrying([.etcd], on: members, givesUp: needed == nil, warn: warn) {
                try await Waiting.until(limit, pause: pause) { () -> Bool? in
                    let unhealthy = try await unhealthy(members, etcd: etcd)
                    if seen.update(unhealthy), !unhealthy.isEmpty {
                        say("waiting for \(unhealthy.joined(separator: ", "))")
                    }
                    return unhealthy.count <= tolerated ? true : nil
                }
            }
        }
        guard whole == nil else { return }
        throw await etcdFailure(members, unhealthy: seen.value, limit: limit)
    }

    /// Writes onto a healthy member's domain which etcd cluster it belongs to: from then on it is known whether
    /// etcd's data are on it. Part of the node's own step, since nothing else may write onto its domain meanwhile.
    func recordEtcd(of member: NodePlan, say: @escaping @Sendable (String) -> Void) async throws {
        let etcd = clusters.etcd([member.clientURL])
        try await retryingMembers("\(member.name) does not say which etcd cluster it belongs to", say: say) {
            let id = try await etcd.status(of: member.clientURL).cluster
            try await provider.recordEtcd(cluster: id, of: NodeReference(member))
        }
    }

    /// Names of members that do not say that they are healthy.
    private func unhealthy(_ members: [NodePlan], etcd: any EtcdCluster) async throws -> [String] {
        try await withThrowingTaskGroup(of: String?.self) { group in
            for member in members {
                group.addTask {
                    do {
                        return try await probes.take { try await etcd.health(of: member.clientURL) } ? nil : member.name
                    } catch is EtcdError {
                        return member.name
                    }
                }
            }
            var names: [String] = []
            for try await case let name? in group { names.append(name) }
            return names.naturallySorted()
        }
    }

    /// Announces a member that follows without a vote, so that etcd's majority does not hang on it.
    func addMember(
        _ node: NodePlan,
        endpoints: [String],
        say: @escaping @Sendable (String) -> Void,
    ) async throws {
        let etcd = clusters.etcd(endpoints)
        say("announcing \(node.peerURL) to etcd")
        try await retryingMembers("etcd does not take \(node.name) as a member", say: say) {
            if try await etcd.members().contains(where: { $0.peerURLs.contains(node.peerURL) }) { return }
            try await etcd.addMember(peerURLs: [node.peerURL], learner: true)
        }
    }

    /// Gives a member its vote, as soon as etcd finds that it has caught up.
    func promoteMember(
        _ node: NodePlan,
        endpoints: [String],
        say: @escaping @Sendable (String) -> Void,
        warn: @escaping @Sendable (String) -> Void,
    ) async throws {
        let etcd = clusters.etcd(endpoints)
        try await guarded([node]) {
            try await whileTrying([.etcd], on: [node], warn: warn) {
                try await retryingMembers("etcd gives \(node.name) no vote", pause: limits.pause, say: say) {
                    let members = try await etcd.members()
                    guard let member = members.first(where: { $0.peerURLs.contains(node.peerURL) }) else {
                        throw ProvisioningError("etcd does not list \(node.name), which is to get its vote")
                    }
                    if member.isLearner { try await etcd.promoteMember(member.id) }
                }
            }
        }
    }

    func removeMember(
        _ name: String,
        peerURL: String,
        endpoints: [String],
        say: @escaping @Sendable (String) -> Void,
    ) async throws {
        let etcd = clusters.etcd(endpoints)
        say("taking \(peerURL) out of etcd")
        try await retryingMembers("etcd does not let \(name) go", say: say) {
            guard let member = try await etcd.members().first(where: { $0.peerURLs.contains(peerURL) }) else { return }
            try await etcd.removeMember(member.id)
        }
    }
}
