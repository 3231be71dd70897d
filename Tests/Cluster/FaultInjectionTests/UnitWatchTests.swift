import Chaos
import Testing

@testable import FaultInjection

struct UnitWatchTests {
    private func line(_ message: UnitWatch.Message, _ seconds: Double, boot: String = "1", unit: String = "a.service")
        -> String
    {
        #"{"UNIT":"\#(unit)","MESSAGE_ID":"\#(message.rawValue)","__REALTIME_TIMESTAMP":"\#(Int(seconds * 1_000_000))","_BOOT_ID":"\#(boot)","x":[1,2]}"#
    }

    private func parse(_ lines: [String]) throws -> [UnitEvent] {
        try UnitWatch.parse(lines.map { Substring($0) }, node: "n", epoch: 1000)
    }

    @Test("a journal's messages become events, at times from the beginning of the run")
    func events() throws {
        let events = try parse([line(.started, 1001), line(.exited, 1002.5), line(.stopped, 1003)])
        #expect(events.map(\.kind) == [.started, .ended, .stopped])
        #expect(events.map(\.time) == [.seconds(1), .seconds(2.5), .seconds(3)])
    }

    @Test("a new boot ends what ran before it")
    func boots() throws {
        let other = line(.started, 1020, boot: "2", unit: "b.service")
        let events = try parse([line(.started, 1001), other])
        #expect(events.map(\.unit) == ["a.service", "a.service", "b.service"])
        #expect(events.map(\.kind) == [.started, .lost, .started])
    }

    @Test("messages of other kinds are passed over, and what is no JSON is an error")
    func others() throws {
        #expect(try parse([#"{"MESSAGE_ID":"x","__REALTIME_TIMESTAMP":"1","_BOOT_ID":"1"}"#]).isEmpty)
        #expect(throws: (any Error).self) { try parse(["-- No entries --"]) }
    }
}
