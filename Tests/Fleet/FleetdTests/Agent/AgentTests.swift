import Etcd
import FleetState
import Fleetd
import Systemd
import TestKit
import Testing
import UnitFiles

@Suite(.timeLimit(.minutes(5)))
struct AgentTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func settled(_ what: String, _ condition: () async throws -> Bool) async throws {
        try await eventually(within: .seconds(30), what, condition)
    }

    @Test func aUnitsLifeOnAMachine() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            try await machine.running {
                try await registry.create(unit: "a.service", .service(), target: .launched)
                try await settled("it runs") { try await machine.isActive("a.service") }
                #expect(machine.files == ["a.service"])
                #expect(try await machine.systemd.unitFileState("a.service") == "linked-runtime")
                try await settled("its state is told") {
                    try await registry.snapshot().states["a.service"]?["m1"]?.state.isActive == true
                }
                try await registry.setTarget(.loaded, of: "a.service")
                try await settled("it stops") { try await !machine.isActive("a.service") }
                #expect(machine.files == ["a.service"])
                try await registry.setTarget(.launched, of: "a.service")
                try await settled("it runs") { try await machine.isActive("a.service") }
                try await registry.destroy(unit: "a.service")
                try await settled("nothing is left of it") {
                    try await registry.keys() == ["engine", "machine/m1"] && machine.files == []
                }
                #expect(try await machine.systemd.unitFileState("a.service") == nil)
            }
        }
    }

    @Test func aRestartedFleetdDoesNothing() async throws {
        try await TemporaryDirectory.with { directory in
            let systemd = FakeSystemd()
            try await registry.create(unit: "a.service", .service(), target: .launched)
            // Has run to its end, and must not be started again.
            try await registry.create(unit: "once.service", .service("/bin/true"), target: .launched)
            try await FleetMachine("m1", etcd: etcd, directory: directory, systemd: systemd).running {
                try await settled("they run") {
                    let states = try await registry.snapshot().states
                    return states.count == 2 && states.values.allSatisfy { $0["m1"]?.state.isActive == true }
                }
                systemd.setState("once.service", active: "inactive", sub: "dead")
                try await settled("it is told") {
                    try await registry.snapshot().states["once.service"]?["m1"]?.state.activeState == "inactive"
                }
            }
            systemd.forgetCalls()
            let again = FleetMachine("m1", etcd: etcd, directory: directory, systemd: systemd)
            try await again.running {
                try await settled("it is registered anew") {
                    let snapshot = try await registry.snapshot()
                    guard let lease = again.presence.session?.lease else { return false }
                    return snapshot.states.count == 2 && snapshot.states.values.allSatisfy { $0["m1"]?.lease == lease }
                }
                #expect(systemd.calls == [])
            }
        }
    }

    /// A list that was long on its way must not undo what happened since: nothing would ever be heard of it again.
    @Test func whatIsHeardWhileUnitsAreListedIsNewer() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            try await machine.running {
                try await registry.create(unit: "a.service", .service(), target: .launched)
                func told(_ state: String) async throws {
                    try await settled("it is told that it is \(state)") {
                        try await registry.snapshot().states["a.service"]?["m1"]?.state.activeState == state
                    }
                }
                try await told("active")
                let systemd = machine.systemd
                systemd.setState("a.service", active: "activating", sub: "start-pre")
                try await told("activating")
                systemd.whileListing {
                    systemd.setState("a.service", active: "active", sub: "running")
                    // For the agent to hear of it.
                    try? await Task.sleep(for: .milliseconds(100))
                }
                systemd.resync()
                try await told("active")
            }
        }
    }

    @Test func anOutageStopsNothing() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            try await registry.create(unit: "a.service", .service(), target: .launched)
            try await machine.running {
                try await settled("it runs") { try await machine.isActive("a.service") }
                etcd.setOutage(.noQuorum)
                machine.watch.refresh()
                try await settled("the outage is noticed") { machine.watch.failure != nil }
                machine.systemd.setState("a.service", active: "active", sub: "exited")
                // The leases end while etcd is away from everybody.
                etcd.advance(by: .seconds(120))
                etcd.setOutage(nil)
                try await settled("it is registered again, and its state told") {
                    let states = try await registry.snapshot().states["a.service"]
                    return states?["m1"]?.state.subState == "exited" && machine.presence.session != nil
                }
                #expect(machine.jobs("a.service") == [.start])
            }
        }
    }

    /// It does not wait for its next renewal, four minutes later.
    @Test func aMachineThatReadsThatItIsGoneRegistersAtOnce() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory, ttl: 600)
            try await machine.running {
                try await settled("m1 is seen") { machine.watch.snapshot?.machines["m1"] != nil }
                let first = machine.presence.session
                etcd.advance(by: .seconds(601))
                try await settled("it is registered anew") {
                    try await registry.snapshot().machines["m1"] != nil && machine.presence.session != first
                }
            }
        }
    }

    @Test func aMachineThatComesBackStopsWhatHasMoved() async throws {
        try await TemporaryDirectory.with { first in
            try await TemporaryDirectory.with { second in
                let one = FleetMachine("m1", etcd: etcd, directory: first, ttl: 5, engine: false)
                try await registry.create(unit: "a.service", .service(), target: .launched)
                let session = try await registry.register(.named("m0"), ttl: 600)
                let leader = try #require(try await registry.campaign(session))
                try await one.running {
                    try await settled("m1 is there") { one.presence.session != nil }
                    let before = try await registry.snapshot()
                    let place = Placement(unit: "a.service", .place(on: "m1"))
                    _ = try await registry.apply([place], before, leader)
                    try await settled("it runs on m1") { try await one.isActive("a.service") }
                    _ = try await registry.register(.named("m2"), ttl: 600)
                    let known = try await registry.snapshot()
                    // m1 was cut off for longer than its lease; the engine moves the unit. From here on m1 may be back
                    // at any moment, so the engine decides by what it knew before.
                    etcd.advance(by: .seconds(6))
                    let move = Placement(unit: "a.service", .move(to: "m2"))
                    #expect(try await registry.apply([move], known, leader).skipped == [])
                    try await settled("m1 is back and has stopped it") {
                        try await !one.isActive("a.service") && one.presence.session != nil && one.files == []
                    }
                }
                _ = second
            }
        }
    }

    /// What a machine is said to be ends with its lease; it reads that when it is back, before it has registered again.
    @Test func aMachineThatComesBackKeepsItsGlobalUnits() async throws {
        try await TemporaryDirectory.with { directory in
            let metadata = ["role": "worker"]
            let machine = FleetMachine(
                "m1",
                etcd: etcd,
                directory: directory,
                metadata: metadata,
                ttl: 5,
                engine: false
            )
            let wanted = [("Global", "true"), ("MachineMetadata", "role=worker")]
            try await registry.create(unit: "all.service", .service(fleet: wanted), target: .launched)
            try await machine.running {
                try await settled("it runs") { try await machine.isActive("all.service") }
                let before = try #require(machine.presence.session)
                etcd.advance(by: .seconds(6))
                // It hears of something else before its own lease is asked for again.
                _ = try await registry.register(.named("m2"), ttl: 600)
                try await settled("m1 is back") {
                    let machines = try await registry.snapshot().machines
                    return machines["m1"] != nil && machine.presence.session?.lease != before.lease
                }
                try await registry.create(unit: "later.service", .service(fleet: wanted), target: .launched)
                try await settled("it goes on") { try await machine.isActive("later.service") }
                #expect(machine.jobs("all.service") == [.start])
            }
        }
    }

    @Test func anotherTextReplacesTheUnit() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            try await registry.create(unit: "a.service", .service(), target: .launched)
            try await machine.running {
                try await settled("it runs") { try await machine.isActive("a.service") }
                let file = UnitFile.service("/bin/other")
                try await registry.replace(unit: "a.service", file, target: .launched)
                try await settled("the new text runs") {
                    let state = try await registry.snapshot().states["a.service"]?["m1"]?.state
                    return state?.hash == file.hash.hex && state?.isActive == true
                }
                #expect(machine.jobs("a.service") == [.start, .stop, .start])
            }
        }
    }

    @Test func oneUnitsFailureDoesNotKeepTheOthers() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            let broken = SystemdError(.refused, operation: "start b.service", message: "no")
            machine.systemd.script(.start, "b.service", .error(broken))
            for name in ["a.service", "b.service", "c.service"] {
                try await registry.create(unit: name, .service(name), target: .launched)
            }
            try await machine.running {
                try await settled("the others run") {
                    let (one, other) = (
                        try await machine.isActive("a.service"), try await machine.isActive("c.service")
                    )
                    return one && other
                }
                machine.systemd.script(.start, "b.service", nil)
                try await settled("it is tried again") { try await machine.isActive("b.service") }
            }
        }
    }

    @Test func aSlowStopDoesNotKeepTheOthers() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            try await registry.create(unit: "slow.service", .service(), target: .launched)
            try await machine.running {
                try await settled("it runs") { try await machine.isActive("slow.service") }
                machine.systemd.script(.stop, "slow.service", .hang)
                try await registry.destroy(unit: "slow.service")
                try await settled("it is stopping") { machine.jobs("slow.service").contains(.stop) }
                try await registry.create(unit: "b.service", .service(), target: .launched)
                try await settled("the other runs") { try await machine.isActive("b.service") }
                machine.systemd.finish("slow.service")
                try await settled("it is gone") { machine.files == ["b.service"] }
            }
        }
    }

    @Test func leavingStopsEverythingAndIsSeenAtOnce() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory, engine: false)
            let other = try await registry.register(.named("m0"), ttl: 600)
            let leader = try #require(try await registry.campaign(other))
            try await registry.create(unit: "a.service", .service(), target: .launched)
            try await machine.running {
                try await settled("m1 is there") { machine.presence.session != nil }
                let place = Placement(unit: "a.service", .place(on: "m1"))
                _ = try await registry.apply([place], try await registry.snapshot(), leader)
                try await settled("it runs") { try await machine.isActive("a.service") }
                let watch = ClusterWatch(registry, logger: FleetMachine.quiet)
                let watching = Task { try await watch.run() }
                defer { watching.cancel() }
                try await settled("both are seen") { watch.snapshot?.machines.count == 2 }
                #expect(try await machine.agent.leave(within: .seconds(10)) == [])
                try await settled("it was asked to go, and has not fallen silent") { watch.snapshot?.left == ["m1"] }
                #expect(machine.files == [])
                #expect(try await registry.snapshot().machines.keys.sorted() == ["m0"])
            }
        }
    }

    /// The record that a machine finds of itself when it registers is from before: it is not asked by that.
    @Test func aMachineIsAskedToLeaveByItsRecord() async throws {
        try await TemporaryDirectory.with { directory in
            let before = try await registry.register(.named("m1"), ttl: 600)
            try await registry.announceLeave(before)
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            try await machine.running {
                let asked = Task { await machine.agent.isAskedToLeave() }
                try await settled("m1 is there") {
                    machine.presence.session != nil && machine.watch.snapshot?.machines["m1"]?.record.isLeaving == nil
                }
                #expect(try await registry.askToLeave(machineID: "m1"))
                #expect(await asked.value)
                #expect(try await machine.agent.leave(within: .seconds(10)) == [])
                #expect(try await registry.snapshot().machines.isEmpty)
            }
            #expect(try await registry.askToLeave(machineID: "m1") == false, "it has gone")
        }
    }

    /// Whoever asks may be faster than etcd's answer to the machine that has just registered.
    @Test func aMachineIsAskedToLeaveBeforeItKnowsThatItIsThere() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            let watching = Task { try await machine.watch.run() }
            let session = try await registry.register(.named("m1"), ttl: 600)
            #expect(try await registry.askToLeave(machineID: "m1"))
            let revision = try await registry.snapshot().revision
            let asked = Task { await machine.agent.isAskedToLeave() }
            #expect(await machine.watch.wait(until: revision, within: .seconds(30)))
            // What is told of the record comes before the session.
            for _ in 0..<1000 { await Task.yield() }
            machine.presence.began(session)
            #expect(await asked.value)
            watching.cancel()
        }
    }

    /// Its units are stopped first and placed then, so that none runs twice, and it gets no others meanwhile.
    @Test func aMachineThatLeavesGetsNothingAndKeepsWhatItHas() async throws {
        let leaving = try await registry.register(.named("m1"), ttl: 600)
        let leader = try #require(try await registry.campaign(leaving))
        for name in ["a.service", "b.service"] {
            try await registry.create(unit: name, .service(), target: .launched)
        }
        let place = Placement(unit: "a.service", .place(on: "m1"))
        _ = try await registry.apply([place], try await registry.snapshot(), leader)
        #expect(try await registry.askToLeave(machineID: "m1"))
        let alone = EnginePass(try await registry.snapshot())
        #expect(alone.placements.map(\.unit) == ["b.service"])
        _ = try await registry.register(.named("m2"), ttl: 600)
        let two = EnginePass(try await registry.snapshot())
        #expect(two.placements == [Placement(unit: "b.service", .place(on: "m2"))])
        try await registry.end(leaving)
        let gone = EnginePass(try await registry.snapshot())
        #expect(gone.placements.contains(Placement(unit: "a.service", .move(to: "m2"))))
    }
}
