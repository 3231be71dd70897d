import Etcd
import Planning

/// Keeps a look at etcd's members up to date.
///
/// Each of them is asked by itself, so that one that does not answer keeps nothing waiting that is known of the others.
/// They are asked again and again, as soon as a connection to one of them has ended, and when a member names another
/// leader than before.
actor EtcdFollower {
    private let client: HostFollower.Client
    private let observer: EtcdObserver
    private let endpoints: [String]
    private let intervals: HostFollower.Intervals
    private var members: [Member]?
    private var judged: [String: EtcdObserver.Judged] = [:]
    private var others: Set<String> = []
    private var alarms: [ObservedEtcd.Alarm] = []
    private var asking: Set<MemberID> = []
    /// Members that were asked last together: without those of whom an answer was still awaited, which may never come.
    private var round: Set<MemberID> = []
    private var askingForStatus: Set<MemberID> = []
    private var isAskingAll = false
    private var shown: EtcdObserver.Look?
    private var hasShown = false
    /// Time of the last change that was no growth of the log.
    private var changed = ContinuousClock.now

    /// - Parameters:
    ///   - endpoints: client URLs of members whose nodes are on.
    ///   - last: what was known before, which stays until a member says something else.
    init(
        _ client: HostFollower.Client,
        _ observer: EtcdObserver,
        endpoints: [String],
        last: EtcdObserver.Look?,
        intervals: HostFollower.Intervals,
    ) {
        (self.client, self.observer, self.endpoints, self.intervals) = (client, observer, endpoints, intervals)
        shown = last
    }

    /// Follows until the task is cancelled.
    ///
    /// - Parameters:
    ///   - isUneasy: whether something of the cluster besides etcd is about to change.
    ///   - show: called with each look that is not as the one before; with nil where no member answers.
    func run(
        isUneasy: @escaping @Sendable () async -> Bool,
        show: @escaping @Sendable (EtcdObserver.Look?) async -> Void,
    ) async {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wake.yield()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.tick(wake, isUneasy) }
            for url in endpoints { group.addTask { await self.guardMember(url, wake) } }
            for await _ in wakes {
                guard let members = await observer.members() else {
                    await forget(show)
                    continue
                }
                for member in await take(members, show) {
                    group.addTask { await self.ask(member, show) }
                }
                for (member, url) in dueForStatus(members) {
                    group.addTask { await self.askForStatus(member, url, show) }
                }
                if beginsAskingAll() { group.addTask { await self.askAll(members, show) } }
            }
            group.cancelAll()
        }
    }

    // MARK: When

    private func tick(_ wake: AsyncStream<Void>.Continuation, _ isUneasy: @Sendable () async -> Bool) async {
        var asked = ContinuousClock.now
        while true {
            do { try await Task.sleep(for: intervals.unrest) } catch { return }
            var isDue = ContinuousClock.now - asked >= intervals.etcd || isRestless
            if !isDue { isDue = await isUneasy() }
            if !isDue { isDue = await hasAnotherLeader() }
            guard isDue else { continue }
            asked = .now
            wake.yield()
        }
    }

    private var isRestless: Bool {
        guard hasShown else { return true }
        // A member that hangs is asked all the time: that alone is no news for long.
        let isCalm = asking.isEmpty && shown?.isWell == true
        return !isCalm && ContinuousClock.now - changed < intervals.calming
    }

    /// Asks the leader who leads, which costs less than to ask all of them for all.
    private func hasAnotherLeader() async -> Bool {
        guard let statuses = shown?.statuses, statuses.count > 1 else { return false }
        // One that was cut off still takes itself for the leader.
        let leaders = statuses.filter { $0.value.leader == $0.value.member }
        guard let (url, before) = leaders.max(by: { $0.value.raftTerm < $1.value.raftTerm }) else { return true }
        guard let now = await observer.status(of: url) else { return true }
        return now.leader != before.leader || now.raftTerm != before.raftTerm
    }

    /// Has etcd asked as soon as a member is gone, and then more often for as long as an election may take.
    private func guardMember(_ url: String, _ wake: AsyncStream<Void>.Continuation) async {
        while true {
            let wasThere = await client.hold(url)
            do {
                for _ in 0..<(wasThere ? 16 : 0) {
                    wake.yield()
                    try await Task.sleep(for: intervals.unrest)
                }
                try await Task.sleep(for: intervals.etcd)
            } catch {
                return
            }
        }
    }

    // MARK: What

    /// Takes the list of members.
    ///
    /// - Returns: those who are not being asked already.
    private func take(_ members: [Member], _ show: @Sendable (EtcdObserver.Look?) async -> Void) async -> [Member] {
        var known: [String: EtcdObserver.Judged] = [:]
        for member in members {
            let id = "\(member.id)"
            if let before = judged[id] {
                known[id] = EtcdObserver.Judged(of: member, before: before.member, status: before.status)
            } else if let before = shown?.etcd.members.first(where: { $0.id == id }) {
                let status = member.outerURL.flatMap { shown?.statuses[$0] }
                known[id] = EtcdObserver.Judged(of: member, before: before, status: status)
            }
        }
        (self.members, judged) = (members, known)
        await publish(show)
        let due = members.filter { !asking.contains($0.id) }
        asking.formUnion(due.map(\.id))
        round = Set(due.map(\.id))
        return due
    }

    private func ask(_ member: Member, _ show: @Sendable (EtcdObserver.Look?) async -> Void) async {
        let answer = await observer.judge(member)
        asking.remove(member.id)
        guard !Task.isCancelled else { return }
        judged["\(member.id)"] = answer
        await publish(show)
    }

    private func dueForStatus(_ members: [Member]) -> [(Member, String)] {
        let due = members.compactMap { member -> (Member, String)? in
            guard !askingForStatus.contains(member.id), let url = member.outerURL else { return nil }
            return observer.mayAnswer(url) ? (member, url) : nil
        }
        askingForStatus.formUnion(due.map(\.0.id))
        return due
    }

    /// Asks a member who leads: it knows a new leader long before it says that it is healthy, which takes a vote of others
    /// and may wait for a leader that is no more.
    private func askForStatus(
        _ member: Member,
        _ url: String,
        _ show: @Sendable (EtcdObserver.Look?) async -> Void,
    ) async {
        let status = await observer.status(of: url)
        askingForStatus.remove(member.id)
        let id = "\(member.id)"
        guard !Task.isCancelled, let status, judged[id]?.member.healthy == true else { return }
        judged[id]?.status = status
        await publish(show)
    }

    private func beginsAskingAll() -> Bool {
        defer { isAskingAll = true }
        return !isAskingAll
    }

    /// Asks for what is no single member's matter.
    private func askAll(_ members: [Member], _ show: @Sendable (EtcdObserver.Look?) async -> Void) async {
        let others = await observer.otherClusters(than: members)
        // Without a majority etcd does not say.
        let alarms = shown?.etcd.hasQuorum ?? true ? await observer.alarms(members) : []
        isAskingAll = false
        guard !Task.isCancelled else { return }
        (self.others, self.alarms) = (others, alarms)
        await publish(show)
    }

    private func forget(_ show: @Sendable (EtcdObserver.Look?) async -> Void) async {
        guard !Task.isCancelled else { return }
        (members, judged) = (nil, [:])
        await publish(nil, show)
    }

    /// Shows what is known, once something is known of every member.
    private func publish(_ show: @Sendable (EtcdObserver.Look?) async -> Void) async {
        guard let members else { return }
        let answers = members.compactMap { judged["\($0.id)"] }
        guard answers.count == members.count else { return }
        await publish(EtcdObserver.Look(answers, others: others, alarms: alarms), show)
    }

    private func publish(
        _ look: EtcdObserver.Look?,
        _ show: @Sendable (EtcdObserver.Look?) async -> Void,
    ) async {
        guard look != shown || !hasShown else { return }
        // Each member of an etcd that is written to has come further than the one that was asked before it.
        if isOnlyGrowth(look), round.contains(where: { asking.contains($0) || askingForStatus.contains($0) }) { return }
        if look?.etcd != shown?.etcd || look?.isWell != shown?.isWell { changed = .now }
        (shown, hasShown) = (look, true)
        await show(look)
    }

    /// Returns whether nothing but the members' logs and databases is other than what is shown.
    private func isOnlyGrowth(_ look: EtcdObserver.Look?) -> Bool {
        guard let look, let shown, look.etcd == shown.etcd, look.statuses.count == shown.statuses.count else {
            return false
        }
        return look.statuses.allSatisfy { url, status in
            guard let before = shown.statuses[url] else { return false }
            return (before.leader, before.raftTerm, before.version) == (status.leader, status.raftTerm, status.version)
        }
    }
}
