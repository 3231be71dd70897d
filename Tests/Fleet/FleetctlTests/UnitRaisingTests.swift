import Basics
import FleetAPI
import Fleetctl
import Testing
import UnitFiles

/// `start` and `load` of units that fleet knows, and `restart`.
@Suite struct UnitRaisingTests {
    private static let hello = "[Service]\nExecStart=/bin/sleep 1\n"
    private static let other = "[Service]\nExecStart=/bin/false\n"

    /// A run with units that are launched, and what systemd says of them from then on.
    private func launched(
        _ files: [String: String],
        _ units: [String],
        active: [String],
        sourceLocation: SourceLocation = #_sourceLocation,
    ) async throws -> StubRun {
        let run = StubRun(files: files)
        #expect(try await run.operations.raise(units, to: .launched) == 0, sourceLocation: sourceLocation)
        run.fleet.change { storage in for unit in units { storage.active["\(unit).service"] = active } }
        return run
    }

    private func puts(_ run: StubRun, since start: Int) -> [String] {
        run.fleet.requests.dropFirst(start).filter { $0.hasPrefix("PUT") }
    }

    @Test(arguments: ["failed/failed", "inactive/dead/stopped", "inactive/dead"])
    func aLaunchedUnitThatIsDownIsStarted(_ state: String) async throws {
        let run = try await launched(["a.service": Self.hello], ["a"], active: [state, "active/running"])
        let before = run.fleet.requests.count
        #expect(try await run.operations.raise(["a"], to: .launched) == 0)
        #expect(puts(run, since: before).count == 1)
        #expect(
            run.out.hasSuffix("launched on aaaaaaaa.../10.0.0.5\nUnit a.service launched on aaaaaaaa.../10.0.0.5\n")
        )
    }

    @Test(arguments: [("active/running", 0), ("inactive/dead/done", 0)])
    func aLaunchedUnitThatIsWellIsLeftAlone(_ state: String, _ code: Int) async throws {
        let run = try await launched(["a.service": Self.hello], ["a"], active: [state])
        let (before, out) = (run.fleet.requests.count, run.out)
        #expect(try await run.operations.raise(["a"], to: .launched) == Int32(code))
        #expect(puts(run, since: before) == [] && run.out == out)
    }

    @Test func aLaunchedUnitThatIsStartingIsWaitedFor() async throws {
        let starting = ["activating/start-pre", "activating/start-pre", "failed/failed"]
        let run = try await launched(["a.service": Self.hello], ["a"], active: starting)
        let before = run.fleet.requests.count
        #expect(try await run.operations.raise(["a"], to: .launched) == 1)
        #expect(puts(run, since: before) == [])
        #expect(run.err.contains("unit a.service failed on its machine"))
    }

    @Test(arguments: [(true, 0, "    one\n    two\n"), (false, 0, "    one\n    two\n"), (false, 255, nil)])
    func theLogOfAFailedUnitIsShown(_ isHere: Bool, _ code: Int32, _ shown: String?) async throws {
        let run = StubRun(files: ["a.service": Self.hello], exitCode: code, printed: "one\ntwo\n")
        run.fleet.change { $0.active["a.service"] = ["failed/failed"] }
        let context = run.context(localMachineID: isHere ? "aaaaaaaabbbbccccddddeeeeffff0000" : nil)
        #expect(try await UnitOperations(context).raise(["a"], to: .launched) == 1)
        let read = "exec journalctl --unit a.service --no-pager -q -n 10 --output short"
        let script = "sudo -n journalctl --sync 2>/dev/null; \(read)"
        let command = ["sh", "-c", isHere ? script : ShellWord.quoted(script)]
        #expect(run.programs.map { Array($0.suffix(command.count)) } == [command])
        #expect(run.programs.allSatisfy { $0[0] == (isHere ? "sh" : "ssh") })
        #expect(run.programs.allSatisfy { isHere || $0.contains("BatchMode=yes") && $0.contains("ConnectTimeout=10") })
        let rest = shown ?? "    its log cannot be read from here: ssh failed: no way\n"
        #expect(run.err == "unit a.service failed on its machine; fleetctl journal a.service shows why\n\(rest)")
        #expect(run.out == "Unit a.service inactive\nUnit a.service launched on aaaaaaaa.../10.0.0.5\n")
    }

    @Test(arguments: [("active/running", 0), ("failed/failed", 1)])
    func aReplacedUnitIsWaitedForAndJudged(_ state: String, _ code: Int) async throws {
        let files = ["a.service": Self.hello, "new/a.service": Self.other]
        let run = try await launched(files, ["a"], active: [state])
        let replacing = UnitOperations(run.context(), replaces: true)
        #expect(try await replacing.raise(["new/a.service"], to: .launched) == Int32(code))
        #expect(run.out.hasSuffix("Unit a.service launched on aaaaaaaa.../10.0.0.5\n"))
        #expect(run.fleet.unit("a.service")?.file.canonicalText == Self.other)
    }

    @Test func whatIsToBeReplacedIsFoundOrAnError() async throws {
        let run = StubRun(files: ["t@.service": Self.hello, "a.service": Self.hello])
        _ = try await run.operations.submit(["t@", "t@1", "a"])
        let replacing = UnitOperations(run.context(), replaces: true)
        #expect(try await replacing.submit(["a"]) == ["a.service"])
        #expect(run.err == "Found same Unit(a.service) in Registry, nothing to do\n")
        let bare = StubRun()
        let template = try UnitFile(parsing: Self.other, file: "t")
        bare.fleet.change { storage in
            storage.units["t@.service"] = APIUnit(name: "t@.service", options: template.options)
            for name in ["t@1.service", "a.service"] { storage.units[name] = APIUnit(name: name, options: []) }
        }
        let replacingBare = UnitOperations(bare.context(), replaces: true)
        #expect(try await replacingBare.submit(["t@1"]) == ["t@1.service"])
        #expect(bare.fleet.unit("t@1.service")?.file == template)
        #expect(bare.out == "Unit t@1.service inactive\n")
        let error = await #expect(throws: FleetctlError.self) { try await replacingBare.submit(["a"]) }
        #expect(error?.message == "there is no file a.service to replace unit a.service with")
    }

    @Test func theWarningNamesTheFileThatIsThere() async throws {
        let run = StubRun(files: ["units/t@.service": Self.other])
        run.fleet.change { $0.units["t@1.service"] = APIUnit(name: "t@1.service", options: []) }
        _ = try await run.operations.submit(["units/t@1"])
        #expect(run.err.contains("differs from local template unit file units/t@.service. Add --replace to override."))
    }

    @Test func restartStartsWhatIsLoadedAndRestartsGlobalUnits() async throws {
        let global = Self.hello + "[X-Fleet]\nGlobal=true\n"
        let run = StubRun(files: ["a.service": Self.hello, "b.service": Self.hello, "g.service": global])
        _ = try await run.operations.raise(["a", "g"], to: .launched)
        _ = try await run.operations.raise(["b"], to: .loaded)
        let before = run.fleet.requests.count
        #expect(try await run.operations.restart(["a", "b", "g", "typo"]) == 0)
        for name in ["a", "b", "g"] { #expect(run.fleet.unit("\(name).service")?.desiredState == .launched) }
        let states = puts(run, since: before).map { $0.contains("launched") ? "launched" : "loaded" }
        #expect(states == ["loaded", "loaded", "launched", "launched", "launched"])
        #expect(run.err.contains("WARNING: unit typo.service does not exist"))
    }

    @Test func aMachinesRefusalIsToldAtOnce() async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        run.fleet.change { $0.refusals = ["a.service": "Unit not-there.service not found."] }
        #expect(try await run.operations.raise(["a"], to: .launched) == 1)
        #expect(run.err == "unit a.service is not launched: Unit not-there.service not found.\n")
    }

    @Test(arguments: ["stop", "unload", "restart", "destroy"])
    func unitsThatDoNotExistAreToldInTheSameWay(_ command: String) async throws {
        let run = StubRun()
        let code =
            switch command {
            case "stop": try await run.operations.stop(["typo"])
            case "unload": try await run.operations.unload(["typo"])
            case "restart": try await run.operations.restart(["typo"])
            default: try await run.operations.destroy(["typo"])
            }
        #expect(code == 0)
        #expect(run.err == "Units not found in registry\n")
    }

    /// The original tries so many times, up to two seconds each.
    @Test func blockAttemptsTakeTheOriginalsTime() {
        #expect(WaitPolicy(blockAttempts: 3, noBlock: false).limit == .seconds(6))
    }
}
