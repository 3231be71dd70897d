import Terminal
import Testing

@testable import SlipwayCommands

/// Journals of several nodes in one order.
@Suite struct JournalMergeTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func messagesAreInTheOrderOfTheirTimes() {
        var merge = JournalMerge()
        merge.take("100.5 a[1]: second", of: "n1", at: at(0))
        merge.take("101.5 a[1]: fourth", of: "n1", at: at(0))
        merge.take("100.1 b[1]: first", of: "n2", at: at(1))
        merge.take("100.5 b[1]: third", of: "n2", at: at(1))
        #expect(merge.rest().map(\.text) == ["b[1]: first", "a[1]: second", "b[1]: third", "a[1]: fourth"])
        #expect(merge.rest().isEmpty)
    }

    @Test func furtherLinesBelongToTheirMessage() {
        var merge = JournalMerge()
        merge.take("-- Boot 0123 --", of: "n1", at: at(0))
        merge.take("100.5 a[1]: trace", of: "n1", at: at(0))
        merge.take("100.6 b[1]: other", of: "n2", at: at(0))
        merge.take("                  at line 2", of: "n1", at: at(0))
        #expect(merge.rest().map(\.text) == ["a[1]: trace\n                  at line 2", "b[1]: other"])
    }

    /// Another node's earlier message may come a little later.
    @Test func whatJustCameWaits() {
        var merge = JournalMerge()
        merge.take("100.5 a[1]: late", of: "n1", at: at(0))
        #expect(merge.ready(after: .milliseconds(300), at: at(100)).isEmpty)
        merge.take("100.1 b[1]: early", of: "n2", at: at(200))
        #expect(merge.ready(after: .milliseconds(300), at: at(350)).map(\.text) == [])
        #expect(merge.ready(after: .milliseconds(300), at: at(500)).map(\.text) == ["b[1]: early", "a[1]: late"])
    }

    @Test func aMessageThatIsNotFollowedIsNotHeldBack() {
        var merge = JournalMerge()
        for number in 0..<5 { merge.take("10\(number).0 a[1]: \(number)", of: "n1", at: at(number * 100)) }
        #expect(merge.ready(after: .milliseconds(300), at: at(500)).map(\.text) == ["a[1]: 0", "a[1]: 1", "a[1]: 2"])
        #expect(merge.ready(after: .milliseconds(300), at: at(1000)).count == 2)
    }

    @Test func linesHaveTheirTimeAndNode() {
        let printer = JournalPrinter(nodes: ["worker-10", "worker-2"], style: .plain, json: false)
        let line = printer.line(JournalEntry(time: 1_796_000_000.25, node: "worker-2", text: "a[1]: b"))
        #expect(line.hasSuffix(".250 worker-2  a[1]: b"))
        #expect(line.prefix { $0 != "." }.count == "11-29 17:50:01".count)
    }
}
