import Chaos
import Terminal

/// The verdict of a chaos run, for people and programs.
struct ChaosReport: Encodable {
    struct Span: Encodable {
        var number: Int
        var fault: String
        var nodes: [String]
        var direction: String?
        var begin: Double
        var end: Double?
    }

    struct Finding: Encodable {
        var invariant: String
        var at: Double
        var message: String
        var evidence: [String]
        /// Faults about that time, by number.
        var faults: [Int]
    }

    struct Invariants: Encodable {
        var name: String
        var statement: String
        var holds: Bool
    }

    var cluster: String
    var scenario: String
    var seed: UInt64
    var holds: Bool
    var stopped: Bool
    var seconds: Double
    var operations: Int
    var unknown: Int
    var undecided: Int
    var invariants: [Invariants]
    var violations: [Finding]
    var faults: [Span]
    var notes: [String]

    init(_ verdict: Verdict) {
        cluster = verdict.cluster
        scenario = verdict.scenario
        seed = verdict.seed
        holds = verdict.holds
        stopped = verdict.wasStopped
        seconds = Self.seconds(verdict.took)
        operations = verdict.counts.answered + verdict.counts.unknown
        unknown = verdict.counts.unknown
        undecided = verdict.counts.undecided
        invariants = Invariant.allCases.map { invariant in
            Invariants(
                name: invariant.rawValue,
                statement: invariant.statement,
                holds: !verdict.violations.contains { $0.invariant == invariant },
            )
        }
        violations = verdict.violations.map { violation in
            Finding(
                invariant: violation.invariant.rawValue,
                at: Self.seconds(violation.time),
                message: violation.text,
                evidence: violation.evidence,
                faults: verdict.timeline.around(violation.time).map(\.fault.number),
            )
        }
        faults = verdict.timeline.spans.map { span in
            Span(
                number: span.fault.number,
                fault: span.fault.kind.rawValue,
                nodes: span.fault.nodes,
                direction: span.fault.kind == .cut ? span.fault.direction.rawValue : nil,
                begin: Self.seconds(span.begin),
                end: span.end.map(Self.seconds),
            )
        }
        notes = verdict.notes
    }

    private static func seconds(_ time: Duration) -> Double { (time / .milliseconds(1)).rounded() / 1000 }

    var junit: JUnitReport {
        let cases = invariants.map { invariant in
            let found = violations.filter { $0.invariant == invariant.name }
            guard let first = found.first else { return JUnitReport.Case(invariant.statement) }
            let evidence = found.map { lines(of: $0).joined(separator: "\n") }.joined(separator: "\n\n")
            return JUnitReport.Case(invariant.statement, outcome: .failed(message: first.message, evidence: evidence))
        }
        return JUnitReport("slipway chaos", suites: [JUnitReport.Suite("\(cluster), \(scenario)", cases: cases)])
    }

    func text(style: Style) -> String {
        let counts = Dictionary(grouping: faults, by: \.fault).mapValues(\.count).sorted { $0.key < $1.key }
        let what = counts.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
        let table = Table(
            "",
            "WHAT HAS TO HOLD",
            rows: invariants.map { invariant in
                [invariant.holds ? style.paint("ok", .green) : style.paint("FAIL", .red), invariant.statement]
            },
        )
        var paragraphs = [table.format(style: style)]
        if !notes.isEmpty { paragraphs.append(notes.map { "Note: \($0)\n" }.joined()) }
        if undecided > 0 {
            paragraphs.append(
                "Note: \(Format.count(undecided, "history", plural: "histories")) had too many orders to try.\n"
            )
        }
        if let first = violations.first {
            paragraphs.append(
                "\(style.paint("first violation", .red)):\n" + lines(of: first).map { "  \($0)\n" }.joined()
            )
            if violations.count > 1 {
                paragraphs.append("\(Format.count(violations.count - 1, "more violation")) (--json has all).\n")
            }
        }
        let verdict =
            holds
            ? "Cluster \(cluster) held for \(Format.duration(.seconds(seconds)))\(stopped ? ", until it was stopped" : "")"
            : "Cluster \(cluster) did not hold"
        if faults.isEmpty, !stopped {
            paragraphs.append("Note: no fault happened: the scenario's limits, or the time, left none to choose.\n")
        }
        paragraphs.append(
            """
            \(verdict): \(Format.count(faults.count, "fault"))\(what.isEmpty ? "" : " (\(what))"), \
            \(Format.count(operations, "operation")) on etcd, \(unknown) of unknown outcome; scenario \(scenario), seed \(seed).
            """
        )
        return paragraphs.joined(separator: "\n")
    }

    /// A violation with the timeline around it.
    private func lines(of finding: Finding) -> [String] {
        let around = faults.filter { finding.faults.contains($0.number) }.map { span in
            let way = span.direction.map { $0 == "both" ? "" : " (\($0))" } ?? ""
            let end = span.end.map { Self.clock($0) } ?? "the end"
            let nodes = span.nodes.isEmpty ? "the host" : span.nodes.joined(separator: ", ")
            return "  \(Self.clock(span.begin)) to \(end)  \(span.fault)\(way) of \(nodes)"
        }
        return ["at \(Self.clock(finding.at)): \(finding.message)"] + finding.evidence
            + (around.isEmpty ? ["no fault was near"] : ["faults about that time:"] + around)
    }

    private static func clock(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
