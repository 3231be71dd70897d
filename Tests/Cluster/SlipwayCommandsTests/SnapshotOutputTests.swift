import Basics
import Planning
import Terminal
import TestKit
import Testing
import TopologyModel

@testable import SlipwayCommands

/// What `slipway snapshot` prints for people, and with `--json` for programs.
@Suite struct SnapshotOutputTests {
    private func snapshot(_ seen: ProviderObservation, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> ClusterSnapshot
    {
        ClusterSnapshot(
            SnapshotReference(cluster: "demo", name: "base"),
            made: 1_795_968_312,
            frozen: 0.312,
            cidr: try #require(CIDRv4("10.9.0.0/24"), sourceLocation: sourceLocation),
            mode: .nat,
            nodes: seen.nodes(of: "demo").map { ClusterSnapshot.Node($0, definition: "<domain/>", bytes: 12_345_678) },
        )
    }

    @Test func snapshots() throws {
        let snapshot = try snapshot(TextTests().seen(state: "active").provider)
        let text = SnapshotList.table([snapshot]).format(style: .plain)
        try Golden.expect(text, "output/snapshots.txt")
        try Golden.expect(try JSONText.pretty([SnapshotPayload(snapshot)]) + "\n", "output/snapshots.json")
    }

    @Test func theWayBack() throws {
        let seen = try TextTests().seen(state: "active").provider
        let snapshot = try snapshot(seen)
        let observed = Observation(provider: seen, images: Set(snapshot.images))
        let plan = try Planner.restore(snapshot, over: observed)
        try Golden.expect(PlanText(plan: plan, style: .plain).text(), "output/snapshot-restore.txt")
        try Golden.expect(try JSONText.pretty(PlanPayload(plan)) + "\n", "output/snapshot-restore.json")
    }

    @Test func theEndOfACluster() throws {
        var seen = try TextTests().seen(state: "active").provider
        seen.snapshots = [SnapshotReference(cluster: "demo", name: "base")]
        let plan = try Planner.tearDown("demo", observed: seen)
        try Golden.expect(PlanText(plan: plan, style: .plain).text(), "output/down-snapshots.txt")
    }

    @Test func statusSaysThatARestoreWasCutShort() throws {
        var seen = try TextTests().seen(state: "active")
        seen.provider.cutRestores = [SnapshotReference(cluster: "demo", name: "base")]
        let text = StatusReport(seen, cluster: "demo").text(style: .plain)
        #expect(text.contains("It was being put back to snapshot 'base', and that was cut short."))
        #expect(text.contains("Give it again: slipway snapshot restore demo base"))
    }
}
