import Etcd
import Planning
import TestKit
import Testing

@testable import Provisioning

@Suite struct ClusterHistoryTests {
    private func entry(_ time: Int64, _ outcome: HistoryEntry.Outcome = .done, failed: [String] = []) -> HistoryEntry {
        HistoryEntry(
            time: time,
            command: "slipway up demo.yaml",
            by: "ann@host",
            outcome: outcome,
            steps: 3,
            failed: failed,
            seconds: 1.5,
        )
    }

    @Test func theLastComeInTheOrderOfTheirTimes() async throws {
        let history = ClusterHistory(FakeEtcd())
        let failed = entry(1_000_000_000_000_000, .failed, failed: ["node/a/ready"])
        for entry in [entry(999_999_999_999_999), failed, entry(5)] { try await history.append(entry) }
        #expect(try await history.entries(last: 2) == [entry(999_999_999_999_999), failed])
        #expect(try await history.entries(last: 9).map(\.time) == [5, 999_999_999_999_999, 1_000_000_000_000_000])
    }

    @Test func theOldestGo() async throws {
        let etcd = FakeEtcd()
        try await etcd.put("slipway/units/web.service", "")
        let history = ClusterHistory(etcd)
        for time in 1...Int64(ClusterHistory.most + 3) { try await history.append(entry(time)) }
        let kept = try await history.entries(last: .max)
        #expect(kept.count == ClusterHistory.most && kept.first?.time == 4)
        #expect(try await etcd.get("slipway/units/web.service") != nil)
    }

    /// Where a command dies, its beginning is known; otherwise its end takes that place.
    @Test func theEndTakesThePlaceOfTheBeginning() async throws {
        let history = ClusterHistory(FakeEtcd())
        var begun = entry(10, .begun)
        begun.began = 10
        try await history.append(begun)
        try await history.append(entry(12))
        #expect(try await history.entries(last: 9) == [begun, entry(12)])
        var done = entry(40)
        done.began = 10
        try await history.append(done)
        #expect(try await history.entries(last: 9) == [done, entry(12)])
    }

    /// As commands wrote it before there were beginnings.
    @Test func oldEntriesAreRead() async throws {
        let etcd = FakeEtcd()
        let text =
            #"{"by":"a@b","command":"slipway up x","failed":[],"outcome":"done","seconds":1.5,"steps":3,"time":7}"#
        try await etcd.put("slipway/history/00000000000000000007", text)
        let read = try #require(try await ClusterHistory(etcd).entries(last: 9).first)
        #expect(read.time == 7 && read.began == nil && read.outcome == .done)
    }

    @Test func retreatsOfOneSecondAreToldApart() {
        let retreat = ObservedBoot.Retreat(
            image: ImageDigests(root: "0123456789abcdef", layer: "1"),
            time: 5,
            reason: "units failed"
        )
        let (one, other) = (HistoryEntry(retreat, of: "worker-1"), HistoryEntry(retreat, of: "worker-2"))
        #expect(one.time != other.time && one.time / 1_000_000 == 5)
        #expect(one == HistoryEntry(retreat, of: "worker-1"))
        #expect(one.command == "left root 0123456789ab: units failed" && one.by == "worker-1" && one.outcome == .left)
    }

    /// A later version may say it otherwise.
    @Test func whatIsNotUnderstoodIsLeftOut() async throws {
        let etcd = FakeEtcd()
        let history = ClusterHistory(etcd)
        try await history.append(entry(2))
        try await etcd.put("slipway/history/00000000000000000001", #"{"version":2}"#)
        #expect(try await history.entries(last: 9) == [entry(2)])
    }

    @Test func aFewOfManyStepsThatFailedAreNamed() {
        #expect(entry(1, .failed, failed: (1...9).map { "node/\($0)/ready" }).failed.count == 5)
    }
}
