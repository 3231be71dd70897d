import Etcd
import Planning
import Synchronization
import TestKit
import Testing

@testable import Provisioning

/// What is known of etcd's members while some of them do not answer.
@Suite(.timeLimit(.minutes(5))) struct EtcdFollowerTests {
    /// Three members that say what a test has them say.
    private final class Members: EtcdCluster {
        struct State {
            var leader: UInt64 = 1
            /// Members of whom no answer ever comes.
            var hanging: Set<String> = []
            /// Members that do not come to say how they are.
            var undecided: Set<String> = []
            /// Members that are there and not healthy.
            var sick: Set<String> = []
            /// Questions for their health, by member.
            var asked: [String: Int] = [:]
            var listed = 0
            /// What was written, as far as the member knows that is asked next.
            var index: UInt64 = 8
            var isWrittenTo = false
        }

        let state = Mutex(State())

        static func url(_ number: UInt64) -> String { "http://10.9.0.\(number):2379" }

        static let urls = [1, 2, 3].map { url($0) }

        func members() async throws(EtcdError) -> [Member] {
            state.withLock { $0.listed += 1 }
            return [1, 2, 3].map { (number: UInt64) in
                let peers = ["http://10.9.0.\(number):2380"]
                return Member(
                    id: MemberID(number),
                    name: "central-\(number)",
                    peerURLs: peers,
                    clientURLs: [Self.url(number)]
                )
            }
        }

        func health(of endpoint: String) async throws(EtcdError) -> Bool {
            state.withLock { $0.asked[endpoint, default: 0] += 1 }
            try await answer(endpoint, isWaiting: state.withLock { $0.undecided.contains(endpoint) })
            return state.withLock { !$0.sick.contains(endpoint) }
        }

        func status(of endpoint: String) async throws(EtcdError) -> MemberStatus {
            try await answer(endpoint)
            let (leader, index) = state.withLock { state in
                if state.isWrittenTo { state.index += 1 }
                return (state.leader, state.index)
            }
            return MemberStatus(
                member: MemberID(UInt64((Self.urls.firstIndex(of: endpoint) ?? 0) + 1)),
                cluster: "c1",
                leader: MemberID(leader),
                version: "3.4.23",
                revision: 1,
                raftTerm: 3 + leader,
                raftIndex: index,
                databaseSize: 0,
            )
        }

        private func answer(_ endpoint: String, isWaiting: Bool = false) async throws(EtcdError) {
            guard isWaiting || state.withLock({ $0.hanging.contains(endpoint) }) else { return }
            // As long as somebody waits.
            do { try await Task.sleep(for: .seconds(3_600)) } catch { throw EtcdError(.timeout, "cancelled") }
        }

        func alarms() async throws(EtcdError) -> [EtcdAlarm] { [] }
        func addMember(peerURLs: [String], learner: Bool) async throws(EtcdError) -> Member { throw unsupported }
        func removeMember(_ id: MemberID) async throws(EtcdError) { throw unsupported }
        func promoteMember(_ id: MemberID) async throws(EtcdError) { throw unsupported }
        func putLegacy(_ wanted: EtcdHTTPClient.LegacyKey) async throws(EtcdError) { throw unsupported }

        private var unsupported: EtcdError { EtcdError(.refused, "these members do not change") }
    }

    private final class Looks: Sendable {
        private let all = Mutex<[EtcdObserver.Look?]>([])

        var now: EtcdObserver.Look? { all.withLock { $0.last ?? nil } }
        var count: Int { all.withLock { $0.count } }
        /// Whoever was elected last; what a member that does not answer said before is known still.
        var leader: UInt64? { now?.statuses.values.max { $0.raftTerm < $1.raftTerm }?.leader?.rawValue }

        func take(_ look: EtcdObserver.Look?) { all.withLock { $0.append(look) } }
    }

    /// Follows three members, of which some cannot answer.
    private func follow(
        _ members: Members,
        silent: [String] = [],
        last: EtcdObserver.Look? = nil,
        calming: Duration = .seconds(3_600),
        interval: Duration = .seconds(3_600),
        hold: @escaping @Sendable (String) async -> Bool = { _ in false },
        _ body: (Looks) async throws -> Void,
    ) async throws {
        let running = Members.urls.filter { !silent.contains($0) }
        var intervals = HostFollower.Intervals()
        // What is seen is seen by other means.
        intervals.etcd = interval
        intervals.unrest = .milliseconds(5)
        intervals.calming = calming
        let follower = EtcdFollower(
            HostFollower.Client(keys: FakeEtcd(), members: members, hold: hold),
            EtcdObserver(members, running: running, silent: silent),
            endpoints: running,
            last: last,
            intervals: intervals,
        )
        let looks = Looks()
        let task = Task {
            await follower.run {
                false
            } show: {
                looks.take($0)
            }
        }
        do {
            try await body(looks)
        } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    @Test func anEtcdThatIsWrittenToIsShownOnceARound() async throws {
        let members = Members()
        let before = try #require(await EtcdObserver(members, running: Members.urls).observe())
        members.state.withLock { $0.isWrittenTo = true }
        try await follow(members, last: before, interval: .milliseconds(20)) { looks in
            try await eventually("its growth is shown") { looks.count > 10 }
            // The leader is asked between the rounds as well, for nothing that is shown.
            #expect(members.state.withLock { $0.asked[Members.url(1)] ?? 0 } >= looks.count - 1)
        }
    }

    @Test func theGrowthOfOthersIsShownWhileAMemberHangs() async throws {
        let members = Members()
        let before = try #require(await EtcdObserver(members, running: Members.urls).observe())
        members.state.withLock { ($0.isWrittenTo, $0.hanging) = (true, [Members.url(3)]) }
        try await follow(members, last: before, interval: .milliseconds(20)) { looks in
            try await eventually("the others are seen to go on") {
                looks.count > 5 && (looks.now?.statuses[Members.url(1)]?.raftIndex ?? 0) > 20
            }
        }
    }

    @Test func aMemberThatDoesNotAnswerKeepsNothingWaiting() async throws {
        let members = Members()
        let before = try #require(await EtcdObserver(members, running: Members.urls).observe())
        #expect(before.isWell)
        // The leader freezes, and the others elect another.
        members.state.withLock { ($0.hanging, $0.leader) = ([Members.url(1)], 2) }
        try await follow(members, last: before) { looks in
            try await eventually("the other leader is seen") { looks.leader == 2 }
            #expect(looks.now?.etcd.members.count == 3)
            // The second question does not wait for the first one's answer either.
            members.state.withLock { $0.leader = 3 }
            try await eventually("the next one, too") { looks.leader == 3 }
        }
    }

    /// A question for its health waits in etcd for the leader that was.
    @Test func aNewLeaderIsSeenBeforeMembersSayHowTheyAre() async throws {
        let members = Members()
        let before = try #require(await EtcdObserver(members, running: Members.urls).observe())
        members.state.withLock { ($0.undecided, $0.leader) = (Set(Members.urls), 2) }
        try await follow(members, last: before) { looks in
            try await eventually("the other leader is seen") { looks.leader == 2 }
            #expect(looks.now?.etcd.members.map(\.healthy) == [true, true, true])
        }
    }

    @Test func aMemberWhoseNodeIsOffIsSilentAtOnce() async throws {
        let members = Members()
        members.state.withLock { $0.hanging = [Members.url(3)] }
        let seen = await EtcdObserver(members, running: [], silent: [Members.url(3)]).observe()
        #expect(seen?.etcd.members.map(\.healthy) == [true, true, false])
        try await follow(members, silent: [Members.url(3)]) { looks in
            try await eventually("it is seen") { looks.now?.etcd.members.map(\.healthy) == [true, true, false] }
        }
        #expect(members.state.withLock { $0.asked[Members.url(3)] } == nil)
    }

    @Test func anotherLeaderIsSeenWhereNothingElseChanges() async throws {
        let members = Members()
        try await follow(members) { looks in
            try await eventually("the leader is seen") { looks.leader == 1 }
            members.state.withLock { $0.leader = 2 }
            try await eventually("the other leader is seen") { looks.leader == 2 }
        }
    }

    @Test func whileAllIsWellFewQuestionsAreAsked() async throws {
        let members = Members()
        try await follow(members) { looks in
            try await eventually("all is well") { looks.now?.isWell == true }
            let listed = members.state.withLock { $0.listed }
            // Its log grows, which nobody is told of before the next time.
            try await Task.sleep(for: .milliseconds(200))
            #expect(members.state.withLock { $0.listed } <= listed + 1)
        }
    }

    /// One that is on and never answers is always being asked.
    @Test func aMemberThatHangsIsNoUnrestForLong() async throws {
        let members = Members()
        let before = try #require(await EtcdObserver(members, running: Members.urls).observe())
        members.state.withLock { $0.hanging = [Members.url(3)] }
        try await follow(members, last: before, calming: .milliseconds(50)) { _ in
            try await eventually("the others are left alone") {
                let listed = members.state.withLock { $0.listed }
                try await Task.sleep(for: .milliseconds(200))
                return members.state.withLock { $0.listed } == listed
            }
        }
    }

    @Test func troubleIsLookedAtAgainAndAgain() async throws {
        let members = Members()
        members.state.withLock { $0.sick = [Members.url(2)] }
        try await follow(members) { looks in
            try await eventually("it is seen") { looks.now?.etcd.members.map(\.healthy) == [true, false, true] }
            members.state.withLock { $0.sick = [] }
            try await eventually("it is over") { looks.now?.isWell == true }
        }
    }

    @Test func aConnectionThatEndsHasMembersAsked() async throws {
        let members = Members()
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let isHeld: @Sendable (String) async -> Bool = { url in
            guard url == Members.url(3) else { return false }
            for await _ in ends { break }
            return true
        }
        try await follow(members, hold: isHeld) { looks in
            try await eventually("all is well") { looks.now?.isWell == true }
            members.state.withLock { $0.sick = [Members.url(3)] }
            end.yield()
            try await eventually("it is seen") { looks.now?.etcd.members.map(\.healthy) == [true, true, false] }
            end.finish()
        }
    }
}
