import Etcd
import Planning
import TopologyModel

/// Asks etcd for its members, and each of them for its health and status.
struct EtcdObserver: Sendable {
    /// etcd as its members tell it, and what each of them says of itself.
    struct Look: Sendable, Equatable {
        var etcd: ObservedEtcd
        /// Status of the members that are healthy, by client URL.
        var statuses: [String: MemberStatus] = [:]
    }

    /// What a member says of itself.
    struct Judged: Sendable, Equatable {
        var member: ObservedEtcd.Member
        /// Client URL at which it was asked; nil for one that has not started.
        var url: String?
        /// Nil when it does not say.
        var status: MemberStatus?
    }

    private let etcd: any EtcdCluster
    private let running: [String]
    private let silent: Set<String>

    /// Time for which one that is on and not well is asked again, and the pause before each question.
    private static let patience = (whole: Duration.milliseconds(500), pause: Duration.milliseconds(100))

    /// - Parameters:
    ///   - running: client URLs of members whose nodes are on.
    ///   - silent: client URLs of members whose nodes cannot answer; they are not asked, since no answer takes its time.
    init(_ etcd: any EtcdCluster, running: [String], silent: [String] = []) {
        (self.etcd, self.running, self.silent) = (etcd, running, Set(silent))
    }

    /// Client URLs of members whose nodes cannot answer: off, or stopped in the middle of what they did.
    static func silentURLs(of nodes: [ObservedNode]) -> [String] {
        nodes.filter { $0.etcd == .member && ($0.power == .off || $0.condition == .paused) }.compactMap(\.clientURL)
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
        let others = await otherClusters(than: members)
        let look = Look(judged, others: others, alarms: [])
        // Without a majority etcd does not say.
        return look.etcd.hasQuorum ? Look(judged, others: others, alarms: await alarms(members)) : look
    }

    /// Members as etcd lists them; nil where none answers.
    func members() async -> [Member]? { try? await etcd.members() }

    /// Whether a member can answer, as far as its node is concerned.
    func mayAnswer(_ url: String) -> Bool { !silent.contains(url) }

    /// Status of a member; nil where it does not say.
    func status(of url: String) async -> MemberStatus? { try? await etcd.status(of: url) }

    /// IDs of the clusters of endpoints that are not among the members.
    func otherClusters(than members: [Member]) async -> Set<String> {
        let unlisted = Set(running).subtracting(members.flatMap(\.clientURLs))
        return await withTaskGroup(of: String?.self) { group in
            for url in unlisted { group.addTask { await status(of: url)?.cluster } }
            return await group.reduce(into: []) { if let id = $1 { $0.insert(id) } }
        }
    }

    /// None where etcd does not answer, which its members' health tells.
    func alarms(_ members: [Member]) async -> [ObservedEtcd.Alarm] {
        let alarms = (try? await etcd.alarms()) ?? []
        return alarms.map { alarm in
            let name = members.first { $0.id == alarm.member }?.name ?? "\(alarm.member)"
            return ObservedEtcd.Alarm(member: name, kind: "\(alarm.kind)")
        }.sorted { ($0.member, $0.kind) < ($1.member, $1.kind) }
    }

    /// Asks one that is on again: a disk that is slow for a moment, or an election, is over a little later, and steps would
    /// be planned to mend it. No answer is a fact about the member, not a failure to look.
    private func isHealthy(_ url: String) async -> Bool {
        do {
            if try await etcd.health(of: url) { return true }
        } catch {
            // Nothing listens there.
            if error.code == .unavailable { return false }
        }
        guard running.contains(url) else { return false }
        let end = ContinuousClock.now + Self.patience.whole
        do {
            repeat {
                try await Task.sleep(for: Self.patience.pause)
                if try await etcd.health(of: url) { return true }
            } while ContinuousClock.now < end
        } catch {
            // It has had a whole question's time for its answer.
        }
        return false
    }

    /// Asks a member.
    func judge(_ member: Member) async -> Judged {
        var judged = Judged(of: member)
        guard let url = judged.url, mayAnswer(url) else { return judged }
        judged.member.healthy = await isHealthy(url)
        if judged.member.healthy { judged.status = await status(of: url) }
        if let ahead = judged.status?.clockAhead, ahead.magnitude > 1 { judged.member.clockAhead = ahead }
        return judged
    }
}

extension EtcdObserver.Judged {
    /// A member as it is listed, before it has said anything.
    init(of member: Member) {
        self.init(
            member: ObservedEtcd.Member(
                id: "\(member.id)",
                name: member.name,
                peerURLs: member.peerURLs,
                started: !member.clientURLs.isEmpty,
                healthy: false,
                learner: member.isLearner,
            ),
            url: member.outerURL,
        )
    }

    /// What was said before, of the member as it is listed now.
    init(of member: Member, before: ObservedEtcd.Member, status: MemberStatus?) {
        self.init(of: member)
        self.member.healthy = before.healthy
        self.member.clockAhead = before.clockAhead
        self.status = status
    }
}

extension EtcdObserver.Look {
    /// The look that members' answers are.
    ///
    /// - Parameter others: IDs of clusters of which these are not the members.
    init(_ judged: [EtcdObserver.Judged], others: Set<String>, alarms: [ObservedEtcd.Alarm]) {
        var seen = ObservedEtcd(
            members: judged.map(\.member).sorted { ($0.peerURLs.first ?? "") < ($1.peerURLs.first ?? "") },
            clusterIDs: others.union(judged.compactMap { $0.status?.cluster }),
        )
        if !alarms.isEmpty { seen.alarms = alarms }
        let statuses = judged.compactMap { one in one.url.flatMap { url in one.status.map { (url, $0) } } }
        self.init(etcd: seen, statuses: Dictionary(statuses) { first, _ in first })
    }

    /// True where all members are healthy and know their leader.
    var isWell: Bool {
        etcd.hasQuorum && etcd.members.allSatisfy(\.healthy) && etcd.alarms == nil
            && statuses.values.contains { $0.leader == $0.member }
    }
}
