import Basics

/// Results of checks in the XML that CI systems read, in the form of the Ant task that everyone follows
/// (https://llg.cubic.org/docs/junit/).
package struct JUnitReport: Sendable, Hashable {
    /// Outcome of a case.
    package enum Outcome: Sendable, Hashable {
        case passed
        /// - Parameters:
        ///   - message: one line.
        ///   - evidence: all there is to know; several lines.
        case failed(message: String, evidence: String)
        case skipped(reason: String)
    }

    /// Single check.
    package struct Case: Sendable, Hashable {
        /// Name of the check.
        package var name: String
        /// Time that it took.
        package var took: Duration
        /// Outcome of the check.
        package var outcome: Outcome

        package init(_ name: String, took: Duration = .zero, outcome: Outcome = .passed) {
            self.name = name
            self.took = took
            self.outcome = outcome
        }
    }

    /// Group of cases.
    package struct Suite: Sendable, Hashable {
        /// Name of the group.
        package var name: String
        /// Cases in the order in which they ran.
        package var cases: [Case]

        package init(_ name: String, cases: [Case]) {
            self.name = name
            self.cases = cases
        }
    }

    /// Name of the whole run.
    package var name: String
    /// Groups in order.
    package var suites: [Suite]

    package init(_ name: String, suites: [Suite]) {
        self.name = name
        self.suites = suites
    }

    /// The document, ending in a newline.
    package func xml() -> String {
        let body = suites.map(xml(of:)).joined()
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="\(XMLText.escaped(name))" \(Self.totals(suites.flatMap(\.cases)))>
            \(body)</testsuites>

            """
    }

    private func xml(of suite: Suite) -> String {
        let cases = suite.cases.map { xml(of: $0, in: suite) }.joined()
        let head = "  <testsuite name=\"\(XMLText.escaped(suite.name))\" \(Self.totals(suite.cases))>\n"
        return "\(head)\(cases)  </testsuite>\n"
    }

    private func xml(of test: Case, in suite: Suite) -> String {
        let names = "name=\"\(XMLText.escaped(test.name))\" classname=\"\(XMLText.escaped(suite.name))\""
        let head = "    <testcase \(names) time=\"\(Self.seconds(test.took))\""
        switch test.outcome {
        case .passed:
            return "\(head)/>\n"
        case .failed(let message, let evidence):
            let failure = "<failure message=\"\(XMLText.escaped(message))\">\(XMLText.escaped(evidence))</failure>"
            return "\(head)>\n      \(failure)\n    </testcase>\n"
        case .skipped(let reason):
            return "\(head)>\n      <skipped message=\"\(XMLText.escaped(reason))\"/>\n    </testcase>\n"
        }
    }

    private static func totals(_ cases: [Case]) -> String {
        var failures = 0
        var skipped = 0
        for test in cases {
            switch test.outcome {
            case .passed: break
            case .failed: failures += 1
            case .skipped: skipped += 1
            }
        }
        let time = seconds(cases.reduce(.zero) { $0 + $1.took })
        return "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"\(skipped)\" time=\"\(time)\""
    }

    /// Seconds with three decimals.
    private static func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = max(duration, .zero).components
        let milliseconds = String(attoseconds / 1_000_000_000_000_000)
        return "\(seconds).\(String(repeating: "0", count: 3 - milliseconds.count))\(milliseconds)"
    }
}
