import Etcd
import Planning

/// Asks etcd for its members, and each of them for its health and status.
struct EtcdObserver: Sendable {
    /// etcd as its members tell it, and what each of them says of itself.
    struct Look: Sendable, Equatable {
        var etcd: ObservedEtcd
        /// Status of the members that are healthy, by client URL.
        var statuses: [String: MemberStatus] = [:]
    }

    private struct Judged: Sendable {
        var member: ObservedEtcd.Member
        /// Client URL at which it was asked; nil for one that has not started.
        var url: String?
        /// Nil when it does not say.
        var status: MemberStatus?
    }

    private let etcd: any EtcdCluster
    private let running: [String]

    /// - Parameter running: client URLs of members whose nodes are on.
    init(_ etcd: any EtcdCluster, running: [String]) {
        (self.etcd, self.running) = (etcd, running)
    }

    /// Nil when no member answers: that is a fact about the cluster, not a failed observation.
    ///
    /// A member of another cluster is not among those that etcd lists, so every endpoint is asked for its cluster.
    func observe() async -> Look? {
        guard let members = try? await etcd.members() else { return nil }
        let judged = await withTaskGroup(of: Judged.self) { group in
            for member in members { group.addTask { await judge(member) } }
            return await group.reduce(into: [Judged]()) { $0.append($1) }
        }
        let unlisted = Set(running).subtracting(members.flatMap(\.clientURLs))
        let others = await withTaskGroup(of: String?.self) { group in
            for url in unlisted { group.addTask { (try? await etcd.status(of: url))?.cluster } }
            return await group.reduce(into: [String]()) { if let id = $1 { $0.append(id) } }
        }
        var seen = ObservedEtcd(
            members: judged.map(\.member).sorted { ($0.peerURLs.first ?? "") < ($1.peerURLs.first ?? "") },
            clusterIDs: Set(judged.compactMap { $0.status?.cluster } + others),
        )
        // Without a majority etcd does not say.
        let alarms = seen.hasQuorum ? await alarms(members) : []
        if !alarms.isEmpty { seen.alarms = alarms }
        let statuses = judged.compactMap { one in one.url.flatMap { url in one.status.map { (url, $0) } } }
        return Look(etcd: seen, statuses: Dictionary(statuses) { first, _ in first })
    }

    /// None where etcd does not answer, which its members' health tells.
    private func alarms(_ members: [Member]) async -> [ObservedEtcd.Alarm] {
        let alarms = (try? await etcd.alarms()) ?? []
        return alarms.map { alarm in
            let name = members.first { $0.id == alarm.member }?.name ?? "\(alarm.member)"
            return ObservedEtcd.Alarm(member: name, kind: "\(alarm.kind)")
        }.sorted { ($0.member, $0.kind) < ($1.member, $1.kind) }
    }

    /// Asks one that is on twice: a disk that is slow for a moment, or an election, is over a little later, and steps would
    /// be planned to mend it. No answer is a fact about the member, not a failure to look.
    private func isHealthy(_ url: String) async -> Bool {
        do {
            if try await etcd.health(of: url) { return true }
        } catch {
            // Nothing listens there.
            if error.code == .unavailable { return false }
        }
        guard running.contains(url) else { return false }
        do {
            try await Task.sleep(for: .milliseconds(500))
            return try await etcd.health(of: url)
        } catch {
            return false
        }
    }

    private func judge(_ member: Member) async -> Judged {
        var judged = Judged(
            member: ObservedEtcd.Member(
                id: "\(member.id)",
                name: member.name,
                peerURLs: member.peerURLs,
                started: !member.clientURLs.isEmpty,
                healthy: false,
                learner: member.isLearner,
            )
        )
        guard let url = member.outerURL else { return judged }
        judged.url = url
        judged.member.healthy = await isHealthy(url)
        if judged.member.healthy { judged.status = try? await etcd.status(of: url) }
        return judged
    }
}
