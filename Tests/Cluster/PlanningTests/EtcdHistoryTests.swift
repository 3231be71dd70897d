import Planning
import Testing

/// What is recorded of a node's part in etcd.
@Suite struct EtcdHistoryTests {
    @Test(arguments: [EtcdHistory.unknown, .never, .forming("f00d"), .joined(nil), .joined("c1a5")])
    func isItsMark(_ history: EtcdHistory) {
        #expect(EtcdHistory(mark: history.mark) == history)
    }

    @Test(arguments: ["", "new", "none:1", "joint", "later:1"])
    func whatIsNotUnderstoodIsUnknown(_ mark: String) {
        #expect(EtcdHistory(mark: mark) == .unknown)
    }

    @Test func whatWasKnownStays() {
        #expect(EtcdHistory.joined("c1a5").keeping(over: .never, phase: .started) == .joined("c1a5"))
        #expect(EtcdHistory.forming("f00d").keeping(over: .never, phase: .started) == .forming("f00d"))
        #expect(EtcdHistory.forming("f00d").keeping(over: .forming("beef"), phase: .started) == .forming("beef"))
        #expect(EtcdHistory.never.keeping(over: .forming("beef"), phase: .defined) == .forming("beef"))
    }

    @Test func aMemberOfTheVersionBeforeThatWasReadyHasJoined() {
        #expect(EtcdHistory.unknown.keeping(over: .never, phase: .ready) == .joined(nil))
        #expect(EtcdHistory.unknown.keeping(over: .never, phase: .started) == .unknown)
        #expect(EtcdHistory.unknown.keeping(over: .unknown, phase: .ready) == .unknown, "no member")
    }
}
