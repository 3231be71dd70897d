import Subprocess
import SystemPackage

/// Programs of the host that make and remove images.
enum HostProgram {
    /// Runs a program to its end, hands over what it says line by line, and throws what it said last when it fails.
    static func run(
        _ name: String,
        _ arguments: [String],
        package: String,
        onLine: (String) -> Void = { _ in },
    ) async throws(ImagesError) {
        var tail: [String] = []
        let status: TerminationStatus
        do {
            // Stopped with its user, and given time to unmount what it mounted.
            var options = PlatformOptions()
            options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
            let result = try await Subprocess.run(
                name.contains("/") ? .path(FilePath(name)) : .name(name),
                arguments: Arguments(arguments),
                environment: .inherit.updating(["LC_ALL": "C"]),
                platformOptions: options,
                input: .none,
                output: .discarded,
                error: .sequence,
            ) { execution in
                var lines: [String] = []
                for try await line in execution.standardError.strings() {
                    onLine(line)
                    lines = Array((lines + [line]).suffix(15))
                }
                return lines
            }
            tail = result.closureResult
            status = result.terminationStatus
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw ImagesError(.toolMissing, "\(name) is not installed; run: sudo apt-get install \(package)")
        } catch {
            throw ImagesError(.tool, "\(name) could not be run", cause: error)
        }
        guard case .exited = status else { throw ImagesError(.interrupted, "\(name) was ended (\(status))") }
        guard status.isSuccess else {
            let said = tail.map { "  \($0)" }.joined(separator: "\n")
            throw ImagesError(.tool, "\(name) failed (\(status)); it said last:\n\(said)")
        }
    }

    /// Returns a program's output; empty when the program is missing or fails.
    static func output(_ name: String, _ arguments: [String]) async -> String {
        let result = try? await Subprocess.run(
            .name(name),
            arguments: Arguments(arguments),
            environment: .inherit.updating(["LC_ALL": "C"]),
            output: .string(limit: 1 << 20),
        )
        guard let result, result.terminationStatus.isSuccess else { return "" }
        return result.standardOutput
    }
}
