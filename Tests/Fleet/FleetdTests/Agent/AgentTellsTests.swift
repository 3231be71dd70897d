import Etcd
import FleetState
import Fleetd
import Systemd
import TestKit
import Testing
import UnitFiles

/// What a machine tells of units that systemd refuses, stops or lets end, and what it does about them.
@Suite(.timeLimit(.minutes(5)))
struct AgentTellsTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func state(_ unit: String) async throws -> UnitState? {
        try await registry.snapshot().states[unit]?["m1"]?.state
    }

    private func running(
        pauses: (shortest: Duration, longest: Duration) = (.milliseconds(500), .seconds(30)),
        _ body: (FleetMachine) async throws -> Void,
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory, pauses: pauses)
            try await machine.running { try await body(machine) }
        }
    }

    private func create(_ unit: String, _ options: [(String, String, String)] = []) async throws {
        let file = UnitFile.service().options + options.map { UnitOption(section: $0.0, name: $0.1, value: $0.2) }
        try await registry.create(unit: unit, UnitFile(options: file), target: .launched)
    }

    private static let missing = SystemdError(
        .refused,
        operation: "start a.service",
        dbusName: SystemdError.noSuchUnit,
        message: "Unit not-there.service not found.",
    )

    /// Reading all files anew is a tenth of a second of processor; what is new systemd reads by itself.
    @Test func onlyWhatSystemdKnowsMakesItReadItsFilesAnew() async throws {
        try await running { machine in
            let reloads = { machine.systemd.calls.filter { $0 == .daemonReload }.count }
            try await create("a.service")
            try await eventually("the first runs") { try await state("a.service")?.activeState == "active" }
            #expect(reloads() == 0)
            try await create("b.service", [("Install", "WantedBy", "a.service")])
            try await eventually("the second runs") { try await state("b.service")?.activeState == "active" }
            #expect(reloads() == 1)
            let file = UnitFile(
                options: UnitFile.service().options + [UnitOption(section: "Unit", name: "A", value: "b")]
            )
            try await registry.replace(unit: "a.service", file, target: .launched)
            try await eventually("the other text runs") {
                let state = try await state("a.service")
                return state?.activeState == "active" && state?.hash == file.hash.hex
            }
            #expect(reloads() == 1, "it was dropped in between")
        }
    }

    /// What nobody else names systemd drops by itself once it is down.
    @Test func whatIsGoneMakesSystemdReadNothing() async throws {
        try await running { machine in
            for unit in ["a.service", "b.service"] { try await create(unit) }
            try await eventually("both run") {
                let states = try await (state("a.service"), state("b.service"))
                return states.0?.activeState == "active" && states.1?.activeState == "active"
            }
            try await registry.destroy(unit: "a.service")
            try await eventually("it is gone") { machine.files == ["b.service"] }
            try await eventually("that is told") { try await state("a.service") == nil }
            #expect(!machine.systemd.calls.contains(.daemonReload))
        }
    }

    /// systemd takes a directory that changed twice within a tick of the kernel's clock for the one that it has seen.
    @Test func whatSystemdDoesNotFindMakesItReadItsFilesAnew() async throws {
        try await running { machine in
            machine.systemd.setProperty("LoadState", of: "a.service", .string("not-found"))
            try await create("a.service")
            try await eventually("it reads them") { machine.systemd.calls.contains(.daemonReload) }
        }
    }

    /// A unit that is missing is not the unit itself: that is neither loaded again and again, nor kept from the user.
    @Test func aMissingDependencyIsToldAndTriedWithGrowingPauses() async throws {
        try await running { machine in
            machine.systemd.script(.start, "a.service", .error(Self.missing))
            try await create("a.service")
            try await eventually("the reason is told") {
                try await state("a.service")?.reason == "Unit not-there.service not found."
            }
            let snapshot = try await registry.snapshot()
            #expect(snapshot.currentState(of: "a.service") == .loaded)
            #expect(snapshot.reason(of: "a.service") == "Unit not-there.service not found.")
            try await eventually("it is tried again") { machine.jobs("a.service").count >= 2 }
            #expect(!machine.systemd.calls.contains(.daemonReload))
            try await Task.sleep(for: .seconds(1.2))
            // After half a second, one more, and not before two more.
            #expect(machine.jobs("a.service").count <= 3)
            try await registry.destroy(unit: "a.service")
            try await eventually("nothing is left") { machine.files == [] }
            #expect(try await machine.systemd.unitFileState("a.service") == nil)
        }
    }

    @Test func aChangeIsTriedAtOnce() async throws {
        let hour = Duration.seconds(3_600)
        try await running(pauses: (hour, hour)) { machine in
            machine.systemd.script(.start, "a.service", .error(Self.missing))
            try await create("a.service")
            try await eventually("that it fails is known") { try await state("a.service")?.reason != nil }
            machine.systemd.script(.start, "a.service", nil)
            try await registry.setTarget(.launched, of: "a.service")
            try await eventually("it runs") { try await machine.isActive("a.service") }
        }
    }

    @Test func theLoadStateIsSystemds() async throws {
        try await running { machine in
            machine.systemd.setProperty("LoadState", of: "a.service", .string("bad-setting"))
            machine.systemd.setProperty("LoadError", of: "a.service", .strings(["name", "Unit has a bad setting."]))
            try await registry.create(unit: "a.service", .service(), target: .loaded)
            try await eventually("it is told") { try await state("a.service")?.loadState == "bad-setting" }
            #expect(try await state("a.service")?.reason == "Unit has a bad setting.")
        }
    }

    @Test func aFailedDependencyIsNoSuccess() async throws {
        try await running { machine in
            machine.systemd.script(.start, "a.service", .result(.dependency))
            try await create("a.service")
            try await eventually("it is told") { try await state("a.service")?.outcome == .stopped }
            #expect(try await state("a.service")?.reason?.contains("'dependency'") == true)
        }
    }

    @Test func whyAUnitFailedIsTold() async throws {
        try await running { machine in
            machine.systemd.setProperty("Result", of: "a.service", .string("exit-code"))
            machine.systemd.setProperty("ExecMainCode", of: "a.service", .signed(1))
            machine.systemd.setProperty("ExecMainStatus", of: "a.service", .signed(3))
            machine.systemd.script(.start, "a.service", .result(.failed))
            try await create("a.service")
            try await eventually("it is told") {
                try await state("a.service")?.reason == "result 'exit-code', exit status 3"
            }
        }
    }

    /// Another process may have failed it, while the main one was ended by systemd.
    @Test(arguments: [
        ("exit-code", 2, "result 'exit-code'"), ("signal", 2, "result 'signal', signal 9"),
        ("core-dump", 3, "result 'core-dump', signal 9"), ("signal", 1, "result 'signal'"),
    ])
    func howTheMainProcessEndedIsTold(_ result: String, _ code: Int64, _ reason: String) async throws {
        try await running { machine in
            machine.systemd.setProperty("Result", of: "a.service", .string(result))
            machine.systemd.setProperty("ExecMainCode", of: "a.service", .signed(code))
            machine.systemd.setProperty("ExecMainStatus", of: "a.service", .signed(9))
            machine.systemd.script(.start, "a.service", .result(.failed))
            try await create("a.service")
            try await eventually("it is told") { try await state("a.service")?.reason == reason }
        }
    }

    /// As a timer whose service is not loaded.
    @Test func aStartThatFailsWithoutTheUnitIsTold() async throws {
        try await running { machine in
            machine.systemd.script(.start, "a.timer", .refused)
            try await registry.create(unit: "a.timer", .service(), target: .launched)
            try await eventually("it is told") {
                let state = try await state("a.timer")
                return state?.outcome == .stopped && state?.reason?.contains("job result 'failed'") == true
            }
        }
    }

    /// systemd may tell of a unit's end before it answers the call that started it.
    @Test func whyAUnitFailedIsToldWhenItIsHeardBeforeTheAnswer() async throws {
        try await running { machine in
            machine.systemd.setProperty("Result", of: "a.service", .string("timeout"))
            machine.systemd.script(.start, "a.service", .result(.failed))
            machine.systemd.beforeAnswer { [systemd = machine.systemd] in
                // The second time is at the end of the job, after what was asked at the unit's end has been taken in.
                while systemd.properties(askedOf: "a.service").count(where: { $0 == "Result" }) < 2 {
                    await Task.yield()
                }
            }
            try await create("a.service")
            try await eventually("it is told") { try await state("a.service")?.reason == "result 'timeout'" }
        }
    }

    @Test func whyAUnitFailedIsToldThoughItsEndWasNotHeard() async throws {
        try await running { machine in
            try await create("a.service")
            try await eventually("it runs") { try await state("a.service")?.isActive == true }
            machine.systemd.setQuietly("a.service", active: "failed", sub: "failed")
            machine.systemd.setProperty("Result", of: "a.service", .string("oom-kill"))
            machine.systemd.resync()
            try await eventually("it is told") { try await state("a.service")?.reason == "result 'oom-kill'" }
        }
    }

    @Test func whyAUnitFailedAtItsStopIsTold() async throws {
        try await running { machine in
            try await create("a.service")
            try await eventually("it runs") { try await state("a.service")?.isActive == true }
            machine.systemd.setProperty("Result", of: "a.service", .string("timeout"))
            machine.systemd.script(.stop, "a.service", .result(.failed))
            try await registry.setTarget(.loaded, of: "a.service")
            try await eventually("it is told") {
                let state = try await state("a.service")
                return state?.launched == false && state?.reason == "result 'timeout'"
            }
        }
    }

    @Test func aUnitThatFailedIsStartedAgainWhenItIsAskedFor() async throws {
        try await running { machine in
            try await create("a.service")
            try await eventually("it runs") { try await state("a.service")?.isActive == true }
            machine.systemd.setState("a.service", active: "failed", sub: "failed")
            try await eventually("it is told") { try await state("a.service")?.activeState == "failed" }
            try await registry.setTarget(.launched, of: "a.service")
            try await eventually("it runs") {
                let snapshot = try await registry.snapshot()
                return snapshot.currentState(of: "a.service") == .launched
                    && snapshot.states["a.service"]?["m1"]?.state.isActive == true
            }
            #expect(machine.jobs("a.service") == [.start, .start])
            // One that runs is left alone.
            try await registry.setTarget(.launched, of: "a.service")
            try await eventually("it is answered") {
                try await registry.snapshot().currentState(of: "a.service") == .launched
            }
            #expect(machine.jobs("a.service") == [.start, .start])
        }
    }

    @Test(arguments: ["BindsTo", "Requires", "PartOf"])
    func whatIsBoundToAUnitComesBackWithIt(_ option: String) async throws {
        try await running { machine in
            try await create("a.service")
            try await create("b.service", [("Unit", option, "a.service")])
            try await eventually("they run") {
                let (one, other) = (try await state("a.service"), try await state("b.service"))
                return one?.isActive == true && other?.isActive == true
            }
            try await registry.setTarget(.loaded, of: "a.service")
            try await eventually("it is stopped") { machine.jobs("a.service").contains(.stop) }
            machine.systemd.stopOtherwise("b.service")
            try await eventually("that is told") { try await state("b.service")?.outcome == .stopped }
            #expect(machine.jobs("b.service") == [.start])
            try await registry.setTarget(.launched, of: "a.service")
            try await eventually("both run") {
                let (one, other) = (try await state("a.service"), try await state("b.service"))
                return one?.isActive == true && other?.isActive == true
            }
        }
    }

    /// systemd itself restarts the one, and stops what is bound to it.
    @Test func aSidekickComesBackAfterACrash() async throws {
        try await running { machine in
            try await create("a.service")
            try await create("b.service", [("Unit", "BindsTo", "a.service")])
            try await eventually("they run") {
                let (one, other) = (try await state("a.service"), try await state("b.service"))
                return one?.isActive == true && other?.isActive == true
            }
            machine.systemd.setState("a.service", active: "activating", sub: "auto-restart")
            machine.systemd.stopOtherwise("b.service")
            try await eventually("that is told") { try await state("b.service")?.activeState == "inactive" }
            machine.systemd.setState("a.service", active: "active", sub: "running")
            try await eventually("it is back") { try await machine.isActive("b.service") }
        }
    }

    @Test func whatHasEndedByItselfStaysEnded() async throws {
        try await running { machine in
            try await create("a.service")
            try await create("b.service", [("Unit", "PartOf", "a.service"), ("Service", "Type", "oneshot")])
            try await eventually("they run") {
                let (one, other) = (try await state("a.service"), try await state("b.service"))
                return one?.isActive == true && other?.isActive == true
            }
            machine.systemd.setState("b.service", active: "inactive", sub: "dead")
            try await eventually("it is through") { try await state("b.service")?.outcome == .done }
            try await registry.setTarget(.loaded, of: "a.service")
            try await eventually("it is stopped") { try await !machine.isActive("a.service") }
            try await registry.setTarget(.launched, of: "a.service")
            try await eventually("it runs") { try await state("a.service")?.isActive == true }
            #expect(machine.jobs("b.service") == [.start])
        }
    }

    /// A stop job may give way to another unit's start job: the unit runs on, and has to be stopped again.
    @Test(arguments: [true, false])
    func aUnitIsStoppedWhenSystemdSaysSo(_ isDestroyed: Bool) async throws {
        try await running { machine in
            try await create("a.service")
            try await eventually("it runs") { try await state("a.service")?.isActive == true }
            machine.systemd.script(.stop, "a.service", .result(.canceled))
            if isDestroyed {
                try await registry.destroy(unit: "a.service")
            } else {
                try await registry.setTarget(.loaded, of: "a.service")
            }
            try await eventually("it is tried again") { machine.jobs("a.service").filter { $0 == .stop }.count >= 2 }
            #expect(machine.files == ["a.service"])
            #expect(try await state("a.service")?.launched == true)
            machine.systemd.script(.stop, "a.service", nil)
            try await eventually("it has stopped") {
                let (isActive, state) = (try await machine.isActive("a.service"), try await state("a.service"))
                return !isActive && state?.launched != true
            }
        }
    }

    /// Neither by a fleetd that has understood what was there before, nor by one that has not.
    @Test func whatIsNotUnderstoodStopsNothing() async throws {
        try await TemporaryDirectory.with { directory in
            let systemd = FakeSystemd()
            try await FleetMachine("m1", etcd: etcd, directory: directory, systemd: systemd).running {
                try await create("a.service")
                try await create("b.service")
                try await eventually("they run") {
                    let (one, other) = (try await state("a.service"), try await state("b.service"))
                    return one?.isActive == true && other?.isActive == true
                }
                try await etcd.put(registry.keyspace.desired("a.service"), "paused")
                try await registry.destroy(unit: "b.service")
                try await eventually("the other one is gone") { try await state("b.service") == nil }
            }
            systemd.forgetCalls()
            let again = FleetMachine("m1", etcd: etcd, directory: directory, systemd: systemd)
            try await again.running {
                try await create("b.service")
                try await eventually("the other one runs") { try await state("b.service")?.isActive == true }
                #expect(try await again.isActive("a.service") && again.jobs("a.service") == [])
                #expect(try await registry.snapshot().machine(of: "a.service") == "m1")
            }
        }
    }

    @Test func theMachinesOwnUnitsAreLeftAlone() async throws {
        try await running { machine in
            let path = "/usr/lib/systemd/system/docker.service"
            machine.systemd.addUnitFile("docker.service")
            machine.systemd.setProperty("FragmentPath", of: "docker.service", .string(path))
            machine.systemd.setState("docker.service", active: "active", sub: "running")
            try await create("docker.service")
            try await eventually("it is told") {
                try await registry.snapshot().reason(of: "docker.service")?.contains(path) == true
            }
            try await registry.destroy(unit: "docker.service")
            try await eventually("nothing is told of it") { try await state("docker.service") == nil }
            #expect(machine.jobs("docker.service") == [] && machine.files == [])
            #expect(!machine.systemd.calls.contains(.disable("docker.service")))
        }
    }
}
