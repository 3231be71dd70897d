import Foundation
import Graphs
import Planning
import TestKit
import Testing

/// When steps began and ended, as a picture and as a trace.
@Suite struct TimelineTests {
    private func step(_ id: StepID, needs: [StepID] = []) -> Step {
        Step(id, .removeRemains(cluster: "demo"), reason: "", needs: needs)
    }

    private var run: Timeline {
        var timeline = Timeline("slipway up demo.yaml")
        timeline.begin(step("network/create"), title: "network", at: .zero)
        timeline.end("network/create", .done, at: .milliseconds(300))
        for (node, boot, ready) in [("a", 400, 2500), ("b", 600, 1100)] {
            timeline.begin(
                step("node/\(node)/create", needs: ["network/create"]),
                title: "boot \(node)",
                at: .milliseconds(300)
            )
            timeline.end("node/\(node)/create", .done, at: .milliseconds(boot))
            timeline.begin(
                step("node/\(node)/ready", needs: ["node/\(node)/create"]),
                title: "\(node) ready",
                at: .milliseconds(boot)
            )
            timeline.note("waiting for an address", of: "node/\(node)/ready", at: .milliseconds(boot + 10))
            timeline.note("waiting for etcd", of: "node/\(node)/ready", at: .milliseconds(boot + 200))
            timeline.note("waiting for etcd", of: "node/\(node)/ready", at: .milliseconds(boot + 250))
            timeline.end("node/\(node)/ready", .done, at: .milliseconds(ready))
        }
        timeline.begin(
            step("units/active", needs: ["node/a/ready", "node/b/ready"]),
            title: "units",
            at: .milliseconds(2500)
        )
        timeline.end("units/active", .failed, at: .milliseconds(3000))
        return timeline
    }

    @Test func theLongestChainIsFound() {
        let path = run.criticalPath.map { run.bars[$0].id.description }
        #expect(path == ["network/create", "node/a/create", "node/a/ready", "units/active"])
        #expect(run.length == .milliseconds(3000))
        #expect(run.bars.first { $0.id == "node/a/ready" }?.phases.count == 2)
    }

    @Test func itIsDrawn() async throws {
        try Golden.expect(run.svg, "timeline.svg")
        try await expectXML(run.svg)
    }

    /// Steps under way when a run was stopped last until its last event.
    @Test func aRunThatWasStoppedIsDrawn() async throws {
        var timeline = Timeline("stopped")
        timeline.begin(step("network/create"), title: "network", at: .zero)
        timeline.begin(step("etcd/quorum"), title: "etcd", at: .milliseconds(10))
        timeline.end("etcd/quorum", .interrupted, at: .milliseconds(500))
        #expect(timeline.length == .milliseconds(500))
        try await expectXML(timeline.svg)
        try await expectXML(Timeline("empty").svg)
    }

    @Test func aTraceHasAThreadForEachNode() throws {
        struct Document: Decodable {
            struct Event: Decodable {
                var name: String
                var ph: String
                var ts: Int64
                var dur: Int64?
                var tid: Int
                var args: [String: String]
            }
            var traceEvents: [Event]
        }
        let events = try JSONDecoder().decode(Document.self, from: JSONEncoder().encode(TraceDocument(run))).traceEvents
        #expect(events.filter { $0.ph == "M" }.map { $0.args["name"] } == ["cluster", "a", "b"])
        let ready = try #require(events.first { $0.name == "a ready" })
        #expect((ready.ts, ready.dur) == (400_000, 2_100_000))
        #expect(ready.args["critical"] == "yes")
        let phases = events.filter { $0.tid == ready.tid && $0.name.hasPrefix("waiting") }
        #expect(phases.map(\.dur) == [190_000, 1_900_000])
    }
}
