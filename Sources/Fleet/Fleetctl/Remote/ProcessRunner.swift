import Subprocess

/// Runs programs in the foreground.
package protocol ProcessRunner: Sendable {
    /// Runs `program` with this process's input and output.
    ///
    /// - Returns: its exit code; 128 and the signal's number when a signal ended it.
    func run(_ program: String, _ arguments: [String]) async throws -> Int32
}

/// Runs them for real.
struct ForegroundRunner: ProcessRunner {
    func run(_ program: String, _ arguments: [String]) async throws -> Int32 {
        do {
            let result = try await Subprocess.run(
                .name(program),
                arguments: Arguments(arguments),
                input: .currentStandardInput,
                output: .currentStandardOutput,
                error: .currentStandardError,
            )
            switch result.terminationStatus {
            case .exited(let code): return code
            case .signaled(let signal): return 128 + signal
            }
        } catch let error as SubprocessError {
            throw FleetctlError(.file, "cannot run \(program); is it installed?", cause: error)
        }
    }
}
