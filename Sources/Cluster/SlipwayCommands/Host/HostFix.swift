import ArgumentParser
import FoundationEssentials
import Subprocess
import SystemPackage
import Terminal
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

/// Runs the commands that ``HostFinding/fix`` names, after asking.
struct HostFix {
    /// Command lines for a shell, each once, in the order of the findings.
    let commands: [String]

    init(_ findings: [HostFinding]) {
        var seen: Set<String> = []
        commands = findings.filter { $0.level != .ok }.flatMap(\.fix).filter { seen.insert($0).inserted }
    }

    /// Question before the commands are run.
    var question: String { "To run as root:" + commands.map { "\n  \($0)" }.joined() }

    /// Runs all of them, also after one that fails; each says its output on standard error.
    ///
    /// - Returns: those that failed.
    func run() async -> [String] {
        var failed: [String] = []
        for command in commands {
            Output.note("$ \(command)")
            do {
                let isRoot = geteuid() == 0
                let result = try await Subprocess.run(
                    .path(isRoot ? "/bin/sh" : "/usr/bin/sudo"),
                    arguments: isRoot ? ["-c", command] : ["/bin/sh", "-c", command],
                    output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
                    error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
                )
                if !result.terminationStatus.isSuccess { failed.append(command) }
            } catch {
                Output.note("\(error)")
                failed.append(command)
            }
        }
        return failed
    }
}
