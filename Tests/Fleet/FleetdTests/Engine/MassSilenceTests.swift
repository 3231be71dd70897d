import FleetState
import TestKit
import Testing
import UnitFiles

@testable import Fleetd

/// Many machines that fall silent at once are not as many deaths.
struct MassSilenceTests {
    private let start = ContinuousClock.now
    private let ttl = Duration.seconds(5)
    private var silence = MassSilence()

    private func machines(_ numbers: some Sequence<Int>) -> Set<String> { Set(numbers.map { "m\($0)" }) }

    private mutating func look(_ machines: Set<String>, left: Set<String> = [], at seconds: Double) -> Duration? {
        silence.look(at: machines, left: left, ttl: ttl, now: start + .seconds(seconds))
    }

    @Test mutating func oneOrTwoAreReplacedAtOnce() {
        #expect(look(machines(1...3), at: 0) == nil)
        #expect(look(machines(1...1), at: 1) == nil)
        #expect(silence.silent.isEmpty)
    }

    @Test mutating func aThirdOrFewerAreReplacedAtOnce() {
        #expect(look(machines(1...60), at: 0) == nil)
        #expect(look(machines(1...40), at: 1) == nil)
    }

    @Test mutating func manyAreWaitedForTenTTLsAtMost() {
        #expect(look(machines(1...60), at: 0) == nil)
        // Their leases do not end in the same moment.
        #expect(look(machines(1...50), at: 1) == nil)
        #expect(look(machines(1...38), at: 3) == .seconds(50))
        #expect(silence.silent == machines(39...60))
        #expect(look(machines(1...10), at: 13) == .seconds(40))
        #expect(silence.silent.count == 50)
        #expect(look(machines(1...10), at: 53) == nil)
        #expect(silence.silent.isEmpty)
        #expect(look(machines(1...10), at: 54) == nil)
    }

    @Test mutating func whoIsStillAwayWhenTheOthersAreBackHasDied() {
        #expect(look(machines(1...9), at: 0) == nil)
        #expect(look(machines(1...3), at: 1) == .seconds(50))
        #expect(look(machines(1...6), at: 2) == .seconds(49))
        #expect(look(machines(1...7), at: 3) == nil)
        #expect(silence.silent.isEmpty)
    }

    @Test mutating func deathsOneAfterTheOtherAreNotAStorm() {
        for number in 0..<8 {
            #expect(look(machines(1...(9 - number)), at: Double(number) * 4) == nil)
        }
    }

    @Test mutating func whoFellSilentIsWaitedForAMoment() {
        #expect(look(machines(1...9), at: 0) == nil)
        #expect(look(machines(2...9), at: 1) == nil)
        let awaited = silence.awaited(now: start + .milliseconds(1200))
        #expect(awaited?.machines == machines(1...1))
        #expect(awaited?.pause == MassSilence.grace - .milliseconds(200))
        #expect(silence.awaited(now: start + .seconds(1.5)) == nil)
        // Back, and away again.
        #expect(look(machines(1...9), at: 2) == nil)
        #expect(silence.awaited(now: start + .seconds(2)) == nil)
        #expect(look(machines(1...8), left: machines(9...9), at: 3) == nil)
        #expect(silence.awaited(now: start + .seconds(3)) == nil)
    }

    @Test mutating func whoSaidThatItLeavesIsNotSilent() {
        #expect(look(machines(1...61), at: 0) == nil)
        #expect(look(machines(1...3), left: machines(4...61), at: 1) == nil)
        #expect(silence.silent.isEmpty)
    }

    @Test mutating func whoIsMadeToLeaveWhileItIsWaitedForIsNotWaitedFor() {
        #expect(look(machines(1...9), at: 0) == nil)
        #expect(look(machines(1...3), at: 1) != nil)
        #expect(look(machines(1...3), left: machines(4...5), at: 2) != nil)
        #expect(silence.silent == machines(6...9))
    }

    /// The units of those that died before, and of those that left, move while others are waited for.
    @Test func onlyTheSilentKeepTheirUnits() async throws {
        let etcd = FakeEtcd()
        let registry = FleetRegistry(etcd: etcd)
        let session = try await registry.register(.named("m1"), ttl: 600)
        let leader = try #require(try await registry.campaign(session))
        for machine in ["m8", "m9"] { _ = try await registry.register(.named(machine), ttl: 5) }
        for unit in ["a.service", "b.service"] {
            try await registry.create(unit: unit, .service(unit), target: .launched)
        }
        let placements = [
            Placement(unit: "a.service", .place(on: "m8")), Placement(unit: "b.service", .place(on: "m9")),
        ]
        _ = try await registry.apply(placements, try await registry.snapshot(), leader)
        etcd.advance(by: .seconds(6))
        let snapshot = try await registry.snapshot()
        #expect(EnginePass(snapshot).placements.map(\.unit) == ["a.service", "b.service"])
        #expect(EnginePass(snapshot, silent: ["m9"]).placements == [Placement(unit: "a.service", .move(to: "m1"))])
        #expect(EnginePass(snapshot, mayEvict: false).placements.isEmpty)
    }

    @Test func aMachineThatLeavesSaysSo() async throws {
        let etcd = FakeEtcd()
        let registry = FleetRegistry(etcd: etcd)
        let watch = ClusterWatch(registry, logger: FleetMachine.quiet)
        let running = Task { try await watch.run() }
        defer { running.cancel() }
        let left = try await registry.register(.named("m1"), ttl: 600)
        _ = try await registry.register(.named("m2"), ttl: 5)
        try await eventually("both are there") { watch.snapshot?.machines.count == 2 }
        etcd.advance(by: .seconds(6))
        try await registry.leave(left)
        try await eventually("both are gone") { watch.snapshot?.machines.isEmpty == true }
        #expect(watch.snapshot?.left == ["m1"])
        _ = try await registry.register(.named("m1"), ttl: 600)
        try await eventually("it is back") { watch.snapshot?.machines.count == 1 }
        #expect(watch.snapshot?.left == [])
    }
}
