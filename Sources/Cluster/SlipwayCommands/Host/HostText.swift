import Basics
import FoundationEssentials
import Subprocess

/// What a bug report says of this host: versions of programs and of the system.
enum HostText {
    private static let commands = [
        ["uname", "-a"], ["cat", "/etc/os-release"], ["virsh", "--version=long"],
        [Architecture.current.emulator, "--version"],
        ["free", "-m"], ["df", "-h"], ["mount", "-t", "cgroup,cgroup2"],
    ]
    private static let limit = Duration.seconds(10)

    /// Returns the output of each command, or why there is none.
    static func read() async throws -> String {
        var text = "slipway \(SlipwayVersion.current)\n"
        for command in commands { text += "\n$ \(command.joined(separator: " "))\n\(try await output(of: command))\n" }
        return text
    }

    private static func output(of command: [String]) async throws -> String {
        do {
            let said: String? = try await withDeadline(limit) {
                try await Subprocess.run(
                    .name(command[0]),
                    arguments: Arguments(Array(command.dropFirst())),
                    output: .string(limit: 1 << 18),
                    error: .combinedWithOutput,
                ).standardOutput
            }
            return said?.trimmed ?? "no answer"
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return "it cannot be run here"
        }
    }
}
