import Chaos
import Testing
import UnitFiles

@testable import FaultInjection

struct UnitWatchTests {
    private func line(_ message: UnitWatch.Message, _ seconds: Double, boot: String = "1", unit: String = "a.service")
        -> String
    {
        #"{"UNIT":"\#(unit)","MESSAGE_ID":"\#(message.rawValue)","__REALTIME_TIMESTAMP":"\#(Int(seconds * 1_000_000))","_BOOT_ID":"\#(boot)","x":[1,2]}"#
    }

    private func parse(_ lines: [String], clock: String = "1100.0 500.0 1") throws -> [UnitEvent] {
        try events(lines.map { try JournalLine(Substring($0)) }, clock: clock)
    }

    private func events(_ lines: [JournalLine], clock: String = "1100.0 500.0 1") -> [UnitEvent] {
        UnitWatch.events(lines, clock: Substring(clock), node: "n", epoch: 1000, asked: 1099.9...1100.1)
    }

    @Test("a journal's messages become events, at times from the beginning of the run")
    func events() throws {
        let events = try parse([line(.started, 1001), line(.exited, 1002.5), line(.stopped, 1003)])
        #expect(events.map(\.kind) == [.started, .ended, .stopped])
        #expect(events.map(\.time) == [.seconds(1), .seconds(2.5), .seconds(3)])
    }

    @Test("a request to stop a unit is known from its end")
    func requests() throws {
        let events = try parse([
            line(.started, 1001), line(.stopping, 1002), line(.succeeded, 1003), line(.stopped, 1003),
        ])
        #expect(events.map(\.kind) == [.started, .stopping, .ended, .stopped])
    }

    @Test("units that any machine may run are those that nothing keeps from one, and that do not end by themselves")
    func movable() throws {
        let files = [
            "free.service": "[Service]\nExecStart=/bin/a\n",
            "apart.service": "[Service]\nExecStart=/bin/a\n[X-Fleet]\nConflicts=kept-out.*\n",
            "kept-out.service": "[Service]\nExecStart=/bin/a\n",
            "tied.service": "[Service]\nExecStart=/bin/a\n[X-Fleet]\nMachineOf=free.service\n",
            "heavy.service": "[Service]\nExecStart=/bin/a\nMemoryMax=1G\n",
            "every.service": "[Service]\nExecStart=/bin/a\n[X-Fleet]\nGlobal=true\n",
            "once.service": "[Service]\nType=oneshot\nExecStart=/bin/a\n",
            "clock.timer": "[Timer]\nOnCalendar=daily\n",
        ]
        let units = MovableUnits(try files.mapValues { try UnitFile(parsing: $0) })
        #expect(units.names == ["free.service"])
        #expect(units.single == Set(files.keys).subtracting(["every.service"]))
    }

    @Test("a new boot ends what ran before it")
    func boots() throws {
        let other = line(.started, 1020, boot: "2", unit: "b.service")
        let events = try parse([line(.started, 1001), other])
        #expect(events.map(\.unit) == ["a.service", "a.service", "b.service"])
        #expect(events.map(\.kind) == [.started, .lost, .started])
    }

    @Test("a node's clock that is late or early is reckoned with, within what its answer took")
    func otherClock() throws {
        for (clock, time) in [("1100.05 500 1", 1.0), ("1095.9 500 1", 5.0), ("1104.1 500 1", -3.0)] {
            #expect(try parse([line(.started, 1001)], clock: clock).map(\.time) == [max(.zero, .seconds(time))])
        }
    }

    @Test("what happened while the clock was ahead has the time that it had, then and afterwards")
    func jumps() throws {
        func stamped(_ text: String, uptime: Double) -> String {
            text.replacing("\"x\":", with: "\"__MONOTONIC_TIMESTAMP\":\"\(Int(uptime * 1_000_000))\",\"x\":")
        }
        let jump =
            #"{"SYSLOG_IDENTIFIER":"slipway-chaos-clock","__REALTIME_TIMESTAMP":"1010000000","__MONOTONIC_TIMESTAMP":"410000000","_BOOT_ID":"1"}"#
        let lines = [
            stamped(line(.started, 1005), uptime: 405), jump, stamped(line(.exited, 1012 + 3600), uptime: 412),
            stamped(line(.started, 1020), uptime: 420), stamped(line(.stopped, 1030, boot: "2"), uptime: 4),
        ]
        // The node was started anew since, or not, or its clock is still ahead.
        for clock in ["1100 70 2", "1100 500 1", "4700 500 1"] {
            let times = try parse(lines, clock: clock).filter { $0.kind != .lost }.map(\.time)
            #expect(times == [.seconds(5), .seconds(12), .seconds(20), .seconds(30)], "\(clock)")
        }
    }

    @Test("messages of other kinds are passed over, and what is no JSON is an error")
    func others() throws {
        #expect(try parse([#"{"MESSAGE_ID":"x","__REALTIME_TIMESTAMP":"1","_BOOT_ID":"1"}"#]).isEmpty)
        #expect(throws: (any Error).self) { try parse(["-- No entries --"]) }
    }

    @Test("what a node's journal has lost since it was read is still known, once, and in its order")
    func lostFiles() throws {
        let journals = NodeJournals()
        let first = try [line(.started, 1001), line(.exited, 1002)].map { try JournalLine(Substring($0)) }
        let second = try [line(.started, 1010, boot: "2")].map { try JournalLine(Substring($0)) }
        #expect(journals.add(first, of: "n").count == 2)
        #expect(journals.add(first, of: "n").count == 2)
        #expect(journals.add(second, of: "other").count == 1)
        let all = journals.add(second, of: "n")
        #expect(events(all).map(\.kind) == [.started, .ended, .lost, .started])
    }
}
