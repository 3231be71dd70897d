import Chaos
import FaultInjection
import Terminal
import TestKit
import Testing

@testable import SlipwayCommands

/// The verdict of a chaos run, as text, as JSON and as JUnit XML.
struct ChaosReportTests {
    private func verdict(_ violations: [Violation]) -> Verdict {
        func span(_ number: Int, _ kind: FaultKind, _ nodes: [String], _ begin: Int, _ end: Int) -> FaultSpan {
            let fault = Fault(number: number, kind: kind, nodes: nodes, direction: .incoming, seconds: 10)
            return FaultSpan(fault, begin: .seconds(begin), end: .seconds(end))
        }
        return Verdict(
            cluster: "demo",
            scenario: "rolling-doom",
            seed: 7,
            took: .seconds(120),
            timeline: FaultTimeline([
                span(1, .powerOff, ["worker-1"], 5, 20), span(2, .cut, ["central-2", "worker-2"], 60, 71),
                span(3, .powerOff, ["worker-3"], 75, 90), span(4, .libvirtdRestart, [], 95, 97),
            ]),
            violations: violations,
            counts: Verdict.Counts(answered: 2000, unknown: 12, undecided: 1),
            notes: ["left out: slow-network of worker-1: the kernel has no sch_netem"],
        )
    }

    private func expect(_ name: String, _ verdict: Verdict) throws {
        let report = ChaosReport(verdict)
        try Golden.expect(report.text(style: .plain) + "\n", "output/\(name).txt")
        try Golden.expect(try JSONText.pretty(report) + "\n", "output/\(name).json")
        try Golden.expect(report.junit.xml(), "output/\(name).xml")
    }

    @Test func whatHeld() throws { try expect("chaos-held", verdict([])) }

    @Test func whatDidNotHold() throws {
        try expect(
            "chaos-failed",
            verdict([
                Violation(.stopped, "b.service was stopped on worker-3", at: .seconds(80)),
                Violation(
                    .twice,
                    "a.service ran on worker-1 and on worker-2 for 3.0 s",
                    at: .seconds(73),
                    evidence: ["it ran on worker-1 from 0.0 s to the end", "it ran on worker-2 from 70.0 s to 76.0 s"],
                ),
            ])
        )
    }

    /// What `doctor` says of a run that was killed.
    @Test func whatWasLeft() {
        let fault = Fault(number: 1, kind: .freeze, nodes: ["worker-1"], seconds: 10)
        let finding = ChaosHealing.finding("demo", FaultRecord(run: "x", holder: "slipway chaos", faults: [fault]))
        #expect(finding.level == .warning)
        #expect(finding.detail == "a run in cluster 'demo' was cut short and left worker-1: frozen")
        #expect(finding.remedy == "slipway chaos demo --heal")
    }
}
