import FleetAPI
import Scheduling
import Testing
import UnitFiles

@testable import Fleetctl

@Suite struct UnitOperationsTests {
    private static let hello = "[Unit]\nDescription=Hello World\n[Service]\nExecStart=/bin/sleep 1\n"
    private static let global = hello + "[X-Fleet]\nGlobal=true\n"

    @Test func startFromNothing() async throws {
        let run = StubRun(files: ["hello.service": Self.hello])
        #expect(try await run.operations.raise(["hello"], to: .launched) == 0)
        #expect(run.out == "Unit hello.service inactive\nUnit hello.service launched on aaaaaaaa.../10.0.0.5\n")
        #expect(run.err == "")
        #expect(
            run.fleet.requests == [
                "GET /fleet/v1/units/hello.service?alt=json",
                #"PUT /fleet/v1/units/hello.service?alt=json {"name":"hello.service","options":["#
                    + #"{"name":"Description","section":"Unit","value":"Hello World"},"#
                    + #"{"name":"ExecStart","section":"Service","value":"/bin/sleep 1"}]}"#,
                "GET /fleet/v1/units/hello.service?alt=json",
                "GET /fleet/v1/units/hello.service?alt=json",
                #"PUT /fleet/v1/units/hello.service?alt=json {"desiredState":"launched","name":"hello.service"}"#,
                "GET /fleet/v1/units/hello.service?alt=json",
                "GET /fleet/v1/machines?alt=json",
                "GET /fleet/v1/state?alt=json&unitName=hello.service",
            ]
        )
    }

    @Test func startingAgainSaysNothing() async throws {
        let run = StubRun(files: ["hello.service": Self.hello])
        _ = try await run.operations.raise(["hello"], to: .launched)
        let before = run.out
        #expect(try await run.operations.raise(["hello"], to: .launched) == 0)
        #expect(run.out == before)
    }

    @Test func aUnitThatFitsNowhereSaysWhy() async throws {
        let run = StubRun(files: ["a.service": Self.hello, "b.service": Self.hello])
        run.fleet.change { $0.reasons = ["a.service": "no machine fits: MachineMetadata requires role=db"] }
        #expect(try await run.operations.raise(["a", "b"], to: .launched) == 1)
        #expect(run.err == "unit a.service cannot be placed: no machine fits: MachineMetadata requires role=db\n")
        #expect(run.out.hasSuffix("Unit b.service launched on aaaaaaaa.../10.0.0.5\n"))
    }

    private static let launched: [(active: [String], code: Int32, err: String)] = [
        (["activating/start-pre", "activating/start", "active/running"], 0, ""),
        (["inactive/dead/done"], 0, ""),
        (["inactive/dead/stopped"], 1, "unit a.service does not run: it was stopped\n"),
        (
            ["inactive/dead"], 1,
            "unit a.service does not run; fleetctl status a.service and fleetctl journal a.service show why\n"
        ),
        (["failed/failed"], 1, "unit a.service failed on its machine; fleetctl journal a.service shows why\n"),
        (
            ["activating/auto-restart"], 1,
            "unit a.service ended and is being restarted; fleetctl journal a.service shows why\n"
        ),
        (
            ["activating/start"], 1,
            "unit a.service is launched, but after 60 s it is still activating/start; "
                + "fleetctl journal -f a.service shows what it does\n"
        ),
    ]

    @Test(arguments: launched)
    func whatBecomesOfALaunchedUnit(active: [String], code: Int32, err: String) async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        run.fleet.change { $0.active = ["a.service": active] }
        #expect(try await run.operations.raise(["a"], to: .launched) == code)
        #expect(run.err == err)
    }

    @Test func instancesComeFromTheTemplateInFleetOrOnDisk() async throws {
        let run = StubRun(files: ["units/web@.service": Self.hello])
        #expect(try await run.operations.raise(["units/web@1", "units/web@2.service"], to: .loaded) == 0)
        #expect(run.fleet.unit("web@2.service")?.file.summary == "Hello World")
        #expect(try await run.operations.submit(["units/web@.service"]) == ["web@.service"])
        #expect(try await run.operations.submit(["web@3"]) == ["web@3.service"])
        #expect(run.fleet.requests.contains("GET /fleet/v1/units/web%40.service?alt=json"))
        await #expect(throws: FleetctlError.self) { try await run.operations.raise(["web@"], to: .launched) }
    }

    @Test func aUnitThatIsNowhereIsAnError() async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        let error = await #expect(throws: FleetctlError.self) {
            try await run.operations.raise(["a", "b@1"], to: .launched)
        }
        #expect(
            error?.message == "unable to find Unit(b@1.service) or template Unit(b@.service) in Registry or on "
                + "filesystem (b@1.service)"
        )
        #expect(run.fleet.unit("a.service") == nil)
    }

    @Test func aBrokenFileIsShownWithItsLine() async throws {
        let run = StubRun(files: ["a.service": "[Service]\nExecStart\n"])
        await #expect(throws: FleetctlError.self) { try await run.operations.submit(["a"]) }
        #expect(run.err.hasPrefix("a.service:2:1: error: "))
        #expect(run.fleet.unit("a.service") == nil)
    }

    @Test func anotherContentNeedsReplace() async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        run.fleet.change { $0.units["a.service"] = APIUnit(name: "a.service", options: [], desiredState: .inactive) }
        _ = try await run.operations.submit(["a"])
        #expect(
            run.err.hasPrefix(
                "WARNING: Unit a.service in registry differs from local unit file a.service. Add --replace"
            )
        )
        #expect(run.fleet.unit("a.service")?.options == [])
        _ = try await UnitOperations(run.context(), replaces: true).submit(["a"])
        #expect(run.fleet.unit("a.service")?.file.summary == "Hello World")
        run.fleet.change {
            $0.units["a.service"] = APIUnit(name: "a.service", options: [], desiredState: .launched)
        }
        let replacing = UnitOperations(run.context(), replaces: true)
        await #expect(throws: FleetctlError.self) { try await replacing.submit(["a"]) }
    }

    @Test func aMomentWithoutFleetIsWaitedOut() async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        run.fleet.change { $0.outage = 3 }
        #expect(try await run.operations.raise(["a"], to: .launched) == 0)
        let late = StubRun(files: ["a.service": Self.hello])
        late.fleet.change { $0.outage = 600 }
        #expect(try await late.operations.raise(["a"], to: .launched) == 1)
        #expect(
            late.err
                == "timed out waiting for unit a.service to report state launched after 60 s; fleetctl list-unit-files "
                + "shows what fleet wants "
                + "of it: cannot read unit a.service: fleet answered 503: no reason given\n"
        )
    }

    @Test func globalUnitsAreTriggered() async throws {
        let run = StubRun(files: ["g.service": Self.global])
        #expect(try await run.operations.raise(["g"], to: .launched) == 0)
        #expect(try await run.operations.stop(["g"]) == 0)
        #expect(try await run.operations.unload(["g"]) == 0)
        #expect(
            run.out == """
                Unit g.service inactive
                Triggered global unit g.service start
                Triggered global unit g.service stop
                Triggered global unit g.service unload

                """
        )
    }

    @Test func noBlockDoesNotLook() async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        let operations = UnitOperations(run.context(), wait: WaitPolicy(blockAttempts: 0, noBlock: true))
        #expect(try await operations.raise(["a"], to: .launched) == 0)
        #expect(run.out == "Unit a.service inactive\nTriggered unit a.service start\n")
        #expect(run.fleet.requests.last?.hasPrefix("PUT") == true)
        #expect(try await operations.stop(["a"]) == 0)
        #expect(run.out.hasSuffix("Triggered unit a.service stop\n"))
        #expect(run.err == "Successfully stopped units [a.service].\n")
    }

    @Test func downAgainByPattern() async throws {
        let run = StubRun(files: ["hello@.service": Self.hello, "other.service": Self.hello])
        _ = try await run.operations.raise(["hello@1", "hello@2", "other"], to: .launched)
        let before = run.out.count
        #expect(try await run.operations.stop(["hello@*"]) == 0)
        #expect(try await run.operations.unload(["hello@1"]) == 0)
        #expect(try await run.operations.destroy(["hello@*"]) == 0)
        #expect(
            String(run.out.dropFirst(before)) == """
                Unit hello@1.service loaded on aaaaaaaa.../10.0.0.5
                Unit hello@2.service loaded on aaaaaaaa.../10.0.0.5
                Unit hello@1.service inactive
                Destroyed hello@1.service
                Destroyed hello@2.service

                """
        )
        #expect(
            run.err == "Successfully stopped units [hello@1.service hello@2.service].\n"
                + "Successfully unloaded units [hello@1.service].\n"
        )
        #expect(run.fleet.unit("other.service")?.currentState == .launched)
    }

    @Test func unitsAreTakenInTheOrderTyped() async throws {
        let run = StubRun(files: ["hello@.service": Self.hello, "a.service": Self.hello])
        _ = try await run.operations.submit(["hello@1", "hello@2", "hello@3", "a"])
        #expect(try await run.operations.destroy(["hello@3", "hello@*", "a", "hello@1"]) == 0)
        let order = run.out.split(separator: "\n").filter { $0.hasPrefix("Destroyed") }.map { $0.dropFirst(10) }
        #expect(order == ["hello@3.service", "hello@1.service", "hello@2.service", "a.service"])
    }

    @Test func noUnitsAreNoFailure() {
        let run = StubRun()
        #expect(run.operations.noUnitsGiven() == 0)
        #expect(run.err == "No units given\n")
    }

    @Test func destroyingNothingIsNoError() async throws {
        let run = StubRun()
        #expect(try await run.operations.destroy(["a"]) == 0)
        #expect(run.err == "Units not found in registry\n")
    }

    @Test func aUnitThatWasNeverPlacedCanBeTakenDown() async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        run.fleet.change { $0.reasons = ["a.service": "no machine"] }
        _ = try await run.operations.raise(["a"], to: .launched)
        #expect(try await run.operations.stop(["a"]) == 0)
        #expect(run.fleet.unit("a.service")?.desiredState == .loaded)
        #expect(try await run.operations.unload(["a"]) == 0)
        #expect(run.fleet.unit("a.service")?.desiredState == .inactive)
        await #expect(throws: FleetctlError.self) { try await run.operations.stop(["a"]) }
    }

    @Test func restartWaitsForTheStopEvenWithoutBlocking() async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        _ = try await run.operations.raise(["a"], to: .launched)
        let before = run.fleet.requests.count
        let hasty = UnitOperations(run.context(), wait: WaitPolicy(blockAttempts: 0, noBlock: true))
        #expect(try await hasty.restart(["a"]) == 0)
        let asked = run.fleet.requests.dropFirst(before).map { $0.prefix { $0 != " " } }
        let stop = try #require(asked.firstIndex(of: "PUT"))
        let start = try #require(asked.lastIndex(of: "PUT"))
        #expect(asked[(stop + 1)..<start].contains("GET"), "\(asked)")
        #expect(run.out.hasSuffix("Triggered unit a.service start\n"), "\(run.out)")
    }

    @Test func restartGoesDownAndUp() async throws {
        let run = StubRun(files: ["a.service": Self.hello])
        _ = try await run.operations.raise(["a"], to: .launched)
        let before = run.fleet.requests.count
        #expect(try await run.operations.restart(["a"]) == 0)
        let puts = run.fleet.requests.dropFirst(before).filter { $0.hasPrefix("PUT") }
        #expect(puts.count == 2)
        #expect(puts.first?.contains(#""desiredState":"loaded""#) == true)
        #expect(puts.last?.contains(#""desiredState":"launched""#) == true)
        _ = try await run.operations.unload(["a"])
        await #expect(throws: FleetctlError.self) { try await run.operations.restart(["a"]) }
    }
}
