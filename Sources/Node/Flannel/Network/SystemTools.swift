import NodePrograms

/// The system's own programs.
package struct SystemTools: ToolRunning {
    package init() {}

    package func run(
        _ program: String,
        _ arguments: [String],
        input: String,
        mayFail: Bool,
    ) async throws -> String? {
        let output = try await runProgram(program, arguments, input: input, limit: 16 << 20)
        guard !output.isSuccess else { return String(decoding: output.standardOutput, as: UTF8.self) }
        if mayFail { return nil }
        let words = ([program] + arguments).joined(separator: " ")
        let said = output.standardError.split(separator: "\n").prefix(5).joined(separator: "; ")
        throw FlannelError(.program, "'\(words)' failed: \(said)")
    }
}
