import Testing

@testable import Fleetctl

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Children and temporary files do not outlive fleetctl when a signal ends it.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct InterruptionTests {
    @Test func aSignalEndsTheBodyFirst() async throws {
        let interruption = await #expect(throws: Interruption.self) {
            try await Interruption.throwing {
                kill(getpid(), SIGHUP)
                try await Task.sleep(for: .seconds(1000))
            }
        }
        #expect(interruption?.signal == SIGHUP)
    }

    @Test func withoutASignalTheBodysOutcomeIsTold() async throws {
        #expect(try await Interruption.throwing { 7 } == 7)
        await #expect(throws: FleetctlError.self) {
            try await Interruption.throwing { throw FleetctlError(.usage, "x") }
        }
    }

    /// The program that runs tells this process to end, and is gone then.
    @Test(arguments: [false, true])
    func aProgramEndsWithFleetctl(_ isReplacement: Bool) async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let script = "exec 9>/proc/$PPID/fd/\(ends[1]); kill -HUP $PPID; exec sleep 1000"
        let runner = ForegroundRunner(isReplaceable: false)
        await #expect(throws: Interruption.self) {
            if isReplacement {
                _ = try await runner.become("sh", ["-c", script])
            } else {
                _ = try await runner.run("sh", ["-c", script])
            }
        }
        // Once every program that held it has ended, the pipe is at its end.
        close(ends[1])
        var byte: UInt8 = 0
        #expect(read(ends[0], &byte, 1) == 0)
        close(ends[0])
    }

    @Test func aProgramThatIsNotThereIsNamed() async throws {
        let error = await #expect(throws: FleetctlError.self) {
            try await ForegroundRunner().run("no-such-program", [])
        }
        #expect(error?.description == "cannot run no-such-program; is it installed?")
    }
}
