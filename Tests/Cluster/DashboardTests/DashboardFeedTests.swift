import Dashboard
import Etcd
import Planning
import Provisioning
import TestKit
import Testing

/// One observation for all pages, and what has happened in between.
@Suite(.timeLimit(.minutes(5))) struct DashboardFeedTests {
    private func feed(_ source: FakeDashboard, patience: Duration = .milliseconds(1)) -> DashboardFeed {
        DashboardFeed(source, patience: patience) { 1_795_694_400 }
    }

    @Test func allPagesShareOneObservationThatEndsWithTheLast() async throws {
        let source = FakeDashboard(HostLook(clusters: ["demo": try Fixture.look()]))
        let feed = feed(source)
        #expect(!feed.isObserving)
        try await feed.watching { first in
            for await state in first {
                #expect(state.clusters.keys.sorted() == ["demo"])
                break
            }
            try await feed.watching { second in
                for await _ in second { break }
            }
            #expect(source.follows == 1)
            #expect(feed.isObserving)
        }
        try await eventually(within: .seconds(30), "nothing is observed any more") { !source.isFollowing }
        #expect(!feed.isObserving)
        try await feed.watching { again in
            for await _ in again { break }
        }
        #expect(source.follows == 2)
    }

    @Test func aPageThatIsAboutToBeThereIsObservedForAndOneThatNeverComesIsNot() async throws {
        let source = FakeDashboard(HostLook(clusters: ["demo": try Fixture.look()]))
        let early = feed(source, patience: .seconds(3600))
        early.prepare()
        try await eventually(within: .seconds(30), "it is observed") { early.look(of: "demo") != nil }
        early.prepare()
        try await early.watching { page in
            for await state in page {
                #expect(state.clusters.keys.sorted() == ["demo"])
                break
            }
        }
        #expect(source.follows == 1)
        let other = FakeDashboard()
        let vain = feed(other)
        vain.prepare()
        try await eventually(within: .seconds(30), "nobody came") { !vain.isObserving && !other.isFollowing }
    }

    @Test func whatHappensIsTold() async throws {
        var look = try Fixture.look()
        let source = FakeDashboard(HostLook(clusters: ["demo": look]))
        let feed = feed(source)
        try await feed.watching { states in
            var iterator = states.makeAsyncIterator()
            let first = await iterator.next()
            // Nothing has happened, however much there is.
            #expect(first?.events == [])
            look.observation.fleet?.units["web.service"] = Fixture.unit(["worker-2": "active"])
            look.members = try Fixture.look().members.mapValues { status in
                Fixture.status(of: status.member.rawValue, leader: 3, term: 5)
            }
            source.show(HostLook(clusters: ["demo": look]))
            let second = await iterator.next()
            #expect(
                second?.events.map { "\($0.subject) \($0.name) \($0.node ?? "-") \($0.text)" } == [
                    "unit web.service worker-1 is not there any more", "unit web.service worker-2 is active",
                    "etcd central-3 - is the leader",
                ]
            )
            #expect(second?.events.map(\.number) == [1, 2, 3])
            source.show(HostLook(clusters: ["demo": look], trouble: "libvirt does not answer"))
            #expect(await iterator.next()?.trouble == "libvirt does not answer")
            source.show(HostLook())
            let last = await iterator.next()
            #expect(last?.clusters == [:])
            #expect(last?.events.last?.text == "is not there any more" || last?.events.count ?? 0 > 3)
        }
    }

    /// A cluster whose etcd has not been asked yet has not lost its quorum, and does not find it when it is.
    @Test func whatIsHeardForTheFirstTimeIsNoEvent() async throws {
        var look = try Fixture.look()
        let (etcd, members) = (look.observation.etcd, look.members)
        (look.observation.etcd, look.members, look.isAsked) = (nil, [:], false)
        let source = FakeDashboard(HostLook(clusters: ["demo": look]))
        let feed = feed(source)
        try await feed.watching { states in
            var iterator = states.makeAsyncIterator()
            #expect(await iterator.next()?.clusters["demo"]?.head.isAsked == false)
            (look.observation.etcd, look.members, look.isAsked) = (etcd, members, true)
            source.show(HostLook(clusters: ["demo": look]))
            let state = await iterator.next()
            #expect(state?.events == [])
            #expect(state?.clusters["demo"]?.head.isWell == true)
        }
    }

    @Test func oldEventsAreForgotten() async throws {
        let source = FakeDashboard(HostLook(clusters: ["demo": try Fixture.look()]))
        let feed = feed(source)
        try await feed.watching { states in
            var iterator = states.makeAsyncIterator()
            _ = await iterator.next()
            var look = try Fixture.look()
            for round in 0..<(DashboardFeed.mostEvents + 10) {
                look.observation.provider.nodes[4].power = round.isMultiple(of: 2) ? .off : .running
                source.show(HostLook(clusters: ["demo": look]))
            }
            let state = await iterator.next()
            #expect(state?.events.count == DashboardFeed.mostEvents)
            #expect(state?.events.last?.number == DashboardFeed.mostEvents + 10)
        }
    }
}
