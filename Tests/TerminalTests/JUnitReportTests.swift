import Terminal
import Testing

@Suite struct JUnitReportTests {
    @Test func writesSuitesAndCases() {
        let report = JUnitReport(
            "slipway smoke",
            suites: [
                .init(
                    "etcd",
                    cases: [
                        .init("members are healthy", took: .milliseconds(1050)),
                        .init(
                            "write & read",
                            took: .seconds(2),
                            outcome: .failed(message: "\"x\" < y", evidence: "a\nb\u{1B}[0m")
                        ),
                        .init("later", outcome: .skipped(reason: "no member answers")),
                    ]
                ),
                .init("fleet", cases: []),
            ],
        )
        #expect(
            report.xml() == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites name="slipway smoke" tests="3" failures="1" errors="0" skipped="1" time="3.050">
                  <testsuite name="etcd" tests="3" failures="1" errors="0" skipped="1" time="3.050">
                    <testcase name="members are healthy" classname="etcd" time="1.050"/>
                    <testcase name="write &amp; read" classname="etcd" time="2.000">
                      <failure message="&quot;x&quot; &lt; y">a
                b\u{FFFD}[0m</failure>
                    </testcase>
                    <testcase name="later" classname="etcd" time="0.000">
                      <skipped message="no member answers"/>
                    </testcase>
                  </testsuite>
                  <testsuite name="fleet" tests="0" failures="0" errors="0" skipped="0" time="0.000">
                  </testsuite>
                </testsuites>

                """
        )
    }
}
