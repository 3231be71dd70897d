import Subprocess

/// The system's own programs.
package struct SystemTools: ToolRunning {
    package init() {}

    package func run(
        _ program: String,
        _ arguments: [String],
        input: String,
        mayFail: Bool,
    ) async throws -> String? {
        let result = try await Subprocess.run(
            .name(program),
            arguments: Arguments(arguments),
            input: .string(input),
            output: .string(limit: 16 << 20),
            error: .string(limit: 1 << 16),
        )
        guard !result.terminationStatus.isSuccess else { return result.standardOutput }
        if mayFail { return nil }
        let words = ([program] + arguments).joined(separator: " ")
        let said = result.standardError.split(separator: "\n").prefix(5).joined(separator: "; ")
        throw FlannelError(.program, "'\(words)' failed: \(said)")
    }
}
