import Terminal
import Testing

@Suite struct ProgressReportTests {
    @Test func keepsALineForWhatEnded() {
        var report = ProgressReport()
        #expect(report.lines(for: .started(task: "a", title: "start core-1")).isEmpty)
        #expect(report.lines(for: .step(task: "a", "waiting for ssh")).isEmpty)
        #expect(report.lines(for: .finished(task: "a", .done, took: .milliseconds(1800))) == ["✓ start core-1 (1.8 s)"])
        #expect(report.lines(for: .finished(task: "b", .skipped, took: .zero)) == ["- b"])
        #expect(
            report.lines(for: .finished(task: "c", .failed("no\nway"), took: .seconds(2))) == [
                "✗ c (2 s)", "  no", "  way",
            ]
        )
        #expect(report.lines(for: .note("two\nlines")) == ["two", "lines"])
        #expect(report.live(frame: 0).isEmpty)
    }

    @Test func showsWhatIsUnderWay() {
        var report = ProgressReport()
        for number in 1...4 { _ = report.lines(for: .started(task: "\(number)", title: "start worker-\(number)")) }
        _ = report.lines(for: .step(task: "2", "waiting for ssh"))
        _ = report.lines(for: .step(task: "gone", "nothing"))
        #expect(
            report.live(frame: 0, elapsed: ["1": .seconds(3)], width: 30, limit: 3) == [
                "⠋ start worker-1 3 s", "⠋ start worker-2: waiting for…", "  and 2 more",
            ]
        )
        #expect(report.live(frame: 11).count == 4)
        #expect(report.live(frame: 11).first == "⠙ start worker-1")
        #expect(report.live(frame: .min).count == 4)
    }

    @Test func whatDoesNotFitOnTheScreenIsNotWritten() {
        var area = LiveArea()
        let lines = (1...9).map { "line \($0) of nine" }
        let text = area.update(lasting: [], live: lines, screen: (rows: 4, columns: 8))
        #expect(text == "line 1 …\nline 2 …\n… and 7…\n")
        #expect(area.clear() == "\r\u{1B}[3A\u{1B}[J")
    }

    @Test func theLiveAreaIsWrittenOver() {
        var area = LiveArea()
        #expect(area.update(lasting: [], live: ["a", "b"]) == "a\nb\n")
        #expect(area.update(lasting: ["done"], live: ["b"]) == "\r\u{1B}[2A\u{1B}[Jdone\nb\n")
        #expect(area.clear() == "\r\u{1B}[1A\u{1B}[J")
        #expect(area.clear().isEmpty)
    }
}
