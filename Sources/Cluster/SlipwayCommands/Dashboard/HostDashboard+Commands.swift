import Dashboard
import FoundationEssentials
import Provisioning
import Subprocess
import SystemPackage

/// What a page has done: this same program, with the words that a person would type.
extension HostDashboard {
    /// Time that a command has to come to a stop: as much as a node may take to shut down.
    private static let stopLimit = Duration.seconds(120)

    func command(for action: DashboardAction, at look: ClusterLook) throws -> [String] {
        guard clusters.isEmpty || clusters[action.cluster] != nil else {
            throw DashboardError("cluster \(action.cluster) is not shown here")
        }
        return try action.command(at: look) { try (clusters[action.cluster] ?? .name(action.cluster)).path() }
    }

    func run(
        _ words: [String],
        answers: AsyncStream<Bool>,
        say: @escaping @Sendable (CommandOutput) -> Void,
    ) async throws -> Int32 {
        var options = PlatformOptions()
        // Ctrl-C at the dashboard's terminal is not for it: the dashboard stops it by itself.
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .interrupt, toProcessGroup: false, allowedDurationToNextStep: Self.stopLimit)
        ]
        let result = try await Subprocess.run(
            .path("/proc/self/exe"),
            arguments: Arguments(executablePathOverride: "slipway", remainingValues: words),
            environment: .inherit.updating([
                Environment.Key(stringLiteral: Question.variable): "input", "SLIPWAY_CONNECT": uri, "NO_COLOR": "1",
            ]),
            platformOptions: options,
            input: .inputWriter,
            output: .sequence,
            error: .combinedWithOutput,
        ) { execution in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await isYes in answers {
                        _ = try await execution.standardInputWriter.write(isYes ? "y\n" : "n\n")
                    }
                    try await execution.standardInputWriter.finish()
                }
                var reader = CommandReader(prompt: Question.prompt)
                for try await buffer in execution.standardOutput {
                    for output in reader.take(buffer.withUnsafeBytes { Array($0) }) { say(output) }
                }
                for output in reader.end() { say(output) }
                group.cancelAll()
            }
        }
        try Task.checkCancellation()
        switch result.terminationStatus {
        case .exited(let code): return code
        case .signaled(let signal): throw DashboardError("it was ended by signal \(signal)")
        }
    }
}

/// Cuts a command's output into what a page shows: whole lines, and questions.
struct CommandReader {
    private let prompt: [UInt8]
    private var rest: [UInt8] = []

    init(prompt: String) { self.prompt = Array(prompt.utf8) }

    mutating func take(_ bytes: [UInt8]) -> [CommandOutput] {
        rest += bytes
        var output: [CommandOutput] = []
        if let end = rest.lastIndex(of: UInt8(ascii: "\n")) {
            output.append(.text(String(decoding: rest[...end], as: UTF8.self)))
            rest.removeSubrange(...end)
        }
        if rest == prompt {
            output += [.text(String(decoding: rest, as: UTF8.self)), .question]
            rest = []
        }
        return output
    }

    /// What was left without a line feed.
    mutating func end() -> [CommandOutput] {
        defer { rest = [] }
        return rest.isEmpty ? [] : [.text(String(decoding: rest, as: UTF8.self))]
    }
}
