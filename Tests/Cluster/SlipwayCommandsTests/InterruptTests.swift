import ArgumentParser
import Foundation
import Testing

@testable import SlipwayCommands

/// Signals to a command, each to a process of its own.
@Suite struct InterruptTests {
    /// A signal that comes as the work begins finds the handlers there: the work is stopped, and the program ends as is
    /// said.
    private static func begin(_ number: Int32) async throws {
        do {
            try await Interrupt.guarding(advice: "Stopped.") {
                kill(getpid(), number)
                try await Task.sleep(for: .seconds(60))
            }
        } catch let failure as ToldFailure {
            exit(failure.code.rawValue)
        }
    }

    @Test func ctrlC() async {
        await #expect(processExitsWith: .exitCode(130)) { try await InterruptTests.begin(SIGINT) }
    }

    @Test func aTerminalThatIsClosed() async {
        await #expect(processExitsWith: .exitCode(130)) { try await InterruptTests.begin(SIGHUP) }
    }

    @Test func theEndOfASession() async {
        await #expect(processExitsWith: .exitCode(130)) { try await InterruptTests.begin(SIGTERM) }
    }

    /// A work that follows others is stopped as the first would have been.
    @Test func theEndOfASessionInALaterWork() async {
        await #expect(processExitsWith: .exitCode(130)) {
            for _ in 0..<20 { try await Interrupt.guarding(advice: "Stopped.") {} }
            try await InterruptTests.begin(SIGTERM)
        }
    }

    /// What nobody guards ends as usual.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalBetweenWorks(_ number: Int32) async {
        await #expect(processExitsWith: .signal(number)) { [number] in
            try await Interrupt.guarding(advice: "Stopped.") {}
            kill(getpid(), number)
            try await Task.sleep(for: .seconds(60))
        }
    }

    /// As begun by nohup.
    @Test func aHangUpThatWasIgnoredStaysSo() async {
        await #expect(processExitsWith: .exitCode(3)) {
            signal(SIGHUP, SIG_IGN)
            try await Interrupt.guarding(advice: "Stopped.") {
                kill(getpid(), SIGHUP)
                exit(3)
            }
        }
    }

    /// A second Ctrl-C is answered at once, whatever the work does with the first.
    @Test func ctrlCTwice() async {
        await #expect(processExitsWith: .exitCode(130)) {
            try await Interrupt.guarding(advice: "Stopped.") {
                kill(getpid(), SIGINT)
                // It hears that it is to stop, and does not.
                await withTaskCancellationHandler {
                    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
                } onCancel: {
                    kill(getpid(), SIGINT)
                }
            }
        }
    }
}
