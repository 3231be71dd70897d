import Basics
import Subprocess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Output and exit status of a program.
package struct ProgramOutput: Sendable, Hashable {
    /// -1 for one that a signal ended.
    package var exitCode: Int32
    /// Its whole output.
    package var standardOutput: [UInt8]
    /// Without white space at either end.
    package var standardError: String

    package init(exitCode: Int32, standardOutput: [UInt8], standardError: String) {
        (self.exitCode, self.standardOutput, self.standardError) = (exitCode, standardOutput, standardError)
    }

    /// True for a program that ended with 0.
    package var isSuccess: Bool { exitCode == 0 }
}

/// Runs a program of this machine to its end, however it ends; one that is cancelled is stopped.
///
/// A program need not read its input: what it thinks of that is its exit status.
///
/// - Parameters:
///   - name: as `PATH` finds it.
///   - input: what it reads; without one, its input is `/dev/null`.
///   - limit: the longest output that it may write, in bytes.
/// - Throws: `SubprocessError` where it cannot be started, or writes more than `limit` or 64 KiB of errors.
package func runProgram(
    _ name: String,
    _ arguments: [String],
    input: String = "",
    limit: Int,
) async throws -> ProgramOutput {
    guard !input.isEmpty else {
        let result = try await Subprocess.run(
            .name(name),
            arguments: Arguments(arguments),
            output: .bytes(limit: limit),
            error: .string(limit: errorLimit),
        )
        return ProgramOutput(result.terminationStatus, result.standardOutput, result.standardError)
    }
    _ = pipesMayBreak
    // Given as `.string(input)`, a program that ends before it has read it ends this one (swift-subprocess 1.0.2, its
    // issue 367): the writer of the library's own is not finished where the pipe breaks.
    let result = try await Subprocess.run(
        .name(name),
        arguments: Arguments(arguments),
        input: .inputWriter,
        output: .bytes(limit: limit),
        error: .string(limit: errorLimit),
    ) { execution in
        do {
            _ = try await execution.standardInputWriter.write(input)
        } catch let error as SubprocessError where error.code == .failedToWriteToSubprocess {
            // Its exit status says why.
        }
    }
    return ProgramOutput(result.terminationStatus, result.standardOutput, result.standardError)
}

/// The longest text of errors that is kept, in bytes.
private let errorLimit = 1 << 16

/// A pipe without a reader is an error of its writer, and not the writer's end.
private let pipesMayBreak: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

extension ProgramOutput {
    fileprivate init(_ status: TerminationStatus, _ output: [UInt8], _ error: String) {
        let exitCode: Int32 = if case .exited(let code) = status { code } else { -1 }
        self.init(exitCode: exitCode, standardOutput: output, standardError: error.trimmed)
    }
}
