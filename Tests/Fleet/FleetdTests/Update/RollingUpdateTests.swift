import Etcd
import FleetState
import Fleetd
import TestKit
import Testing
import UnitFiles

@Suite(.timeLimit(.minutes(5)))
struct RollingUpdateTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }
    let old = UnitFile.service("old")
    let new = UnitFile.service("new")
    let start = ContinuousClock.now

    private func record(_ units: [String]) -> UpdateRecord {
        UpdateRecord(text: new.canonicalText, hash: new.hash.hex, waiting: units, settleSeconds: 3, limitSeconds: 10)
    }

    /// A cluster of one machine in which each unit has a text and a state: `hash active sub`.
    private func snapshot(_ units: [(String, UnitFile, String)], sourceLocation: SourceLocation = #_sourceLocation)
        async throws -> FleetSnapshot
    {
        let session = try await registry.register(.named("m1"), ttl: 600)
        let leader = try #require(try await registry.campaign(session), sourceLocation: sourceLocation)
        for (name, file, state) in units {
            try await registry.create(unit: name, file, target: .launched)
            let placement = Placement(unit: name, .place(on: "m1"))
            _ = try await registry.apply([placement], try await registry.snapshot(), leader)
            let words = state.split(separator: " ").map(String.init)
            let told = UnitState(
                loadState: "loaded",
                activeState: words[0],
                subState: words[1],
                hash: file.hash.hex,
                launched: true,
            )
            try await registry.publish([StateChange(unit: name, state: told)], session)
        }
        return try await registry.snapshot()
    }

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func oneAfterTheOther() async throws {
        var update = RollingUpdate("w@.service")
        var record = record(["w@1.service", "gone.service", "w@2.service"])
        let names = ["w@1.service", "w@2.service"]
        let before = try await snapshot(names.map { ($0, old, "active running") })
        guard case .write(let first, let texts) = update.look(at: record, before, now: start) else {
            Issue.record("nothing was written")
            return
        }
        #expect(texts == ["w@1.service": new.canonicalText])
        #expect(first.current == .init(unit: "w@1.service", hash: old.hash.hex))
        record = first
        #expect(update.look(at: record, before, now: after(1)) != .wait(.seconds(10)))
    }

    @Test func aUnitProvesItselfFirst() async throws {
        var update = RollingUpdate("a.service")
        var record = record([])
        record.current = .init(unit: "a.service", hash: old.hash.hex)
        let well = try await snapshot([("a.service", new, "active running")])
        #expect(update.look(at: record, well, now: start) == .wait(.seconds(3)))
        #expect(update.look(at: record, well, now: after(2)) == .wait(.seconds(1)))
        var accepted = record
        (accepted.updated, accepted.current) = ([.init(unit: "a.service", hash: old.hash.hex)], nil)
        #expect(update.look(at: record, well, now: after(3)) == .write(accepted, texts: [:]))
        var done = accepted
        done.phase = .done
        #expect(update.look(at: accepted, well, now: after(3)) == .write(done, texts: [:]))
    }

    @Test(arguments: [
        ("failed failed", 0, "a.service failed"),
        ("activating auto-restart", 0, "a.service ended and is being restarted"),
        ("activating start-pre", 10, "a.service is activating (start-pre) after 10 s"),
        ("inactive dead", 10, "a.service is inactive (dead) after 10 s"),
    ])
    func aUnitThatDoesNotIsTakenBack(state: String, seconds: Int, reason: String) async throws {
        var update = RollingUpdate("a.service")
        var record = record(["b.service"])
        record.texts = [old.hash.hex: old.canonicalText]
        record.updated = [.init(unit: "c.service", hash: old.hash.hex)]
        record.current = .init(unit: "a.service", hash: old.hash.hex)
        let bad = try await snapshot([("a.service", new, state), ("c.service", new, "active running")])
        if seconds > 0 { #expect(update.look(at: record, bad, now: start) == .wait(.seconds(seconds))) }
        var failed = record
        (failed.phase, failed.reason) = (.rollingBack, reason)
        #expect(update.look(at: record, bad, now: after(seconds)) == .write(failed, texts: [:]))
        var restored = failed
        (restored.phase, restored.texts, restored.current, restored.updated) = (.rolledBack, [:], nil, [])
        restored.waiting = ["c.service", "a.service", "b.service"]
        let texts = ["a.service": old.canonicalText, "c.service": old.canonicalText]
        #expect(update.look(at: failed, bad, now: after(seconds)) == .write(restored, texts: texts))
    }

    @Test func aOneshotThatIsThroughIsWell() async throws {
        let type = UnitOption(section: "Service", name: "Type", value: "oneshot")
        let once = UnitFile(options: new.options + [type])
        let snapshot = try await snapshot([("a.service", once, "inactive dead")])
        #expect(snapshot.health(of: "a.service", hash: once.hash.hex) == .well)
    }

    @Test func somebodyElsesTextIsLeft() async throws {
        var update = RollingUpdate("a.service")
        var record = record([])
        record.current = .init(unit: "a.service", hash: old.hash.hex)
        let other = try await snapshot([("a.service", .service("other"), "active running")])
        var stopped = record
        (stopped.phase, stopped.reason) = (.stopped, "a.service was changed by somebody else")
        #expect(update.look(at: record, other, now: start) == .write(stopped, texts: [:]))
    }
}
