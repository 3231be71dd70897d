import Basics
import Chaos
import Testing

struct UnitJudgeTests {
    private let promise = UnitJudge.Promise(ttl: .seconds(5))

    private func span(_ kind: FaultKind, _ nodes: [String], _ begin: Int, _ end: Int?) -> FaultSpan {
        let fault = Fault(number: begin, kind: kind, nodes: nodes)
        return FaultSpan(fault, begin: .seconds(begin), end: end.map { .seconds($0) })
    }

    private func event(_ node: String, _ kind: UnitEvent.Kind, _ time: Double, unit: String = "a.service") -> UnitEvent
    {
        UnitEvent(unit, on: node, kind, at: .seconds(time))
    }

    private func found(
        _ spans: [FaultSpan],
        _ events: [UnitEvent],
        machines: Int = 8,
        end: Int = 100,
    ) -> [Invariant] {
        let judge = UnitJudge(promise: promise, timeline: FaultTimeline(spans), machines: machines)
        let range = Duration.seconds(1)...Duration.seconds(end)
        return judge.violations(events, single: ["a.service"], kept: ["a.service"], during: range).map(\.invariant)
    }

    @Test("a unit that runs all the time on one node is fine, whatever happens to others")
    func quiet() {
        #expect(found([], [event("n1", .started, 0)]) == [])
        #expect(found([span(.powerOff, ["n2"], 10, 20)], [event("n1", .started, 0)]) == [])
    }

    @Test("a unit whose node is lost is active elsewhere in time, or that is found")
    func loss() {
        let cut = span(.powerOff, ["n1"], 10, 40)
        func moved(_ time: Double) -> [UnitEvent] { [event("n1", .started, 0), event("n2", .started, time)] }
        #expect(found([cut], moved(16.9)) == [])
        #expect(found([cut], moved(17.2)) == [.nowhere])
        #expect(found([cut], [event("n1", .started, 0)]) == [.nowhere])
        // Frozen: the process is there and does nothing, and runs on with the node until that sees that it was lost.
        let frozen = span(.freeze, ["n1"], 10, 40)
        #expect(found([frozen], moved(16) + [event("n1", .stopped, 41)]) == [])
        #expect(found([frozen], moved(18) + [event("n1", .stopped, 41)]) == [.nowhere])
        #expect(found([frozen], moved(16) + [event("n1", .stopped, 46)]) == [.twice])
    }

    @Test("the same is promised of a cluster's own units, but not of one that ends by itself")
    func foreign() {
        let cut = span(.powerOff, ["n1"], 10, 40)
        let judge = UnitJudge(promise: promise, timeline: FaultTimeline([cut]), machines: 8)
        func found(_ events: [UnitEvent]) -> [Invariant] {
            let unit: Set = ["a.service"]
            let range = Duration.seconds(1)...Duration.seconds(100)
            return judge.violations(events, single: unit, kept: [], foreign: unit, during: range).map(\.invariant)
        }
        let (here, there) = (event("n1", .started, 0), event("n2", .started, 16))
        #expect(found([here, there]) == [])
        #expect(found([here]) == [.nowhere])
        #expect(found([here, event("n1", .ended, 9)]) == [])
        // systemd says of one that it starts again that it was stopped.
        let again = [event("n2", .ended, 50), event("n2", .stopped, 50.1), event("n2", .started, 51)]
        #expect(found([here, there] + again) == [])
        let stopped = [event("n2", .stopping, 60), event("n2", .ended, 61), event("n2", .stopped, 61)]
        #expect(found([here, there] + stopped) == [.stopped, .nowhere])
        #expect(found([here, event("n1", .stopping, 70), event("n1", .stopped, 71)]).contains(.stopped))
    }

    @Test("other faults meanwhile put that off, and so does the loss of many at once")
    func delay() {
        let cut = span(.powerOff, ["n1"], 10, 60)
        let events = [event("n1", .started, 0), event("n2", .started, 26)]
        #expect(found([cut], events) == [.nowhere])
        #expect(found([cut, span(.leaderKill, ["n3"], 15, 20)], events) == [])
        let many = span(.powerOff, ["n1", "n4", "n5"], 10, 30)
        #expect(found([many], events, machines: 8) == [])
        #expect(found([many], events, machines: 12) == [.nowhere])
    }

    @Test("a node that takes etcd's leader with it is lost by an election later")
    func leader() {
        var cut = span(.powerOff, ["n1"], 10, 60)
        let events = [event("n1", .started, 0), event("n2", .started, 19)]
        #expect(found([cut], events) == [.nowhere])
        cut.fault.takesLeader = true
        #expect(found([cut], events) == [])
        #expect(found([cut], [events[0], event("n2", .started, 21)]) == [.nowhere])
    }

    @Test("a unit may run twice only while its node is separated, and a little longer")
    func twice() {
        let events = [event("n1", .started, 0), event("n2", .started, 16), event("n1", .stopped, 32)]
        #expect(found([span(.cut, ["n1"], 10, 30)], events) == [])
        #expect(found([span(.fleetdCrashLoop, ["n1"], 10, 30)], events) == [])
        // The node reads etcd again some time after the cut has ended.
        var slow = span(.cut, ["n1"], 10, 20)
        slow.over = .seconds(28)
        #expect(found([slow], events) == [])
        slow.over = nil
        #expect(found([slow], events) == [])
        // For too long.
        #expect(found([span(.cut, ["n1"], 10, 20)], events) == [.twice, .stopped])
        // Not by what separates nobody, nor by another node's fault, nor by nothing.
        #expect(found([span(.etcdKill, ["n1"], 10, 30)], events) == [.twice, .stopped])
        #expect(found([span(.cut, ["n3"], 10, 30)], events) == [.twice, .stopped])
        #expect(found([], events).contains(.twice))
        // Before the fault.
        #expect(found([span(.cut, ["n1"], 20, 30)], events).first == .twice)
    }

    @Test("a unit that is stopped by what does not concern its node is found")
    func stopped() {
        let events = [event("n1", .started, 0), event("n1", .stopped, 12), event("n2", .started, 13)]
        #expect(found([span(.leaderKill, ["n3"], 10, 11)], events) == [.stopped])
        #expect(found([span(.diskFull, ["n1"], 10, 20)], events) == [.stopped])
        #expect(found([span(.reboot, ["n1"], 10, 20)], events) == [])
    }

    @Test("runs are parted where nothing ran")
    func runs() {
        let timeline = FaultTimeline([span(.freeze, ["n1"], 10, 20), span(.powerOff, ["n1"], 40, 50)])
        let events = [event("n1", .started, 0), event("n1", .lost, 51), event("n1", .started, 52)]
        #expect(
            UnitRun.runs(events, timeline) == [
                UnitRun("a.service", on: "n1", from: .zero, to: .seconds(10)),
                UnitRun("a.service", on: "n1", from: .seconds(20), to: .seconds(40)),
                UnitRun("a.service", on: "n1", from: .seconds(52), to: nil),
            ]
        )
        // A journal that lost its end with the power.
        let started = [event("n1", .started, 0), event("n1", .started, 52)]
        #expect(UnitRun.runs(started, timeline) == UnitRun.runs(events, timeline))
    }

    @Test("more members with faults than a minority are found")
    func excess() {
        let members: Set = ["m1", "m2", "m3"]
        let apart = FaultTimeline([span(.powerOff, ["m1"], 1, 5), span(.cut, ["m2", "w1"], 6, 9)])
        #expect(apart.excess(of: members, over: 1) == nil)
        let together = FaultTimeline([span(.powerOff, ["m1"], 1, 7), span(.cut, ["m2", "w1"], 6, 9)])
        #expect(together.excess(of: members, over: 1)?.members == ["m1", "m2"])
        let harmless = FaultTimeline([span(.powerOff, ["m1"], 1, 7), span(.fleetdKill, ["m2"], 6, 9)])
        #expect(harmless.excess(of: members, over: 1) == nil)
    }
}
