import Dispatch
import Foundation

/// A shell command run to its end, off the cooperative pool.
package struct ShellCommand: Sendable {
    /// Exit code; 128 + signal when a signal ended it.
    package var exitCode: Int32
    /// Standard output and error, as they came.
    package var output: String

    /// - Parameter limit: after so long the command is killed, and its exit code is 124.
    package static func run(_ script: String, within limit: Duration = .seconds(20)) async throws -> ShellCommand {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try exchange(script, seconds: limit.components.seconds) })
            }
        }
    }

    private static func exchange(_ script: String, seconds: Int64) throws -> ShellCommand {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["-k", "1", "\(seconds)", "/bin/sh", "-c", "exec 2>&1\n\(script)"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return ShellCommand(exitCode: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }
}
