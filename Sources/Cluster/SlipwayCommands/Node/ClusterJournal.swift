import Basics
import FoundationEssentials
import Planning
import SecureShell
import Terminal
import TopologyModel
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

/// The journals of several nodes, printed as one.
struct ClusterJournal {
    let workspace: HostWorkspace
    let cluster: ClusterName
    /// Nodes that are on.
    let nodes: [ObservedNode]
    /// Words for `journalctl` that choose messages.
    let query: [String]
    /// Number of the last messages of all nodes together; of each of them where they are followed.
    let lines: Int
    let follows: Bool
    let json: Bool

    /// Time that a message waits for earlier ones of other nodes.
    private static let window = Duration.milliseconds(300)
    /// Nodes that are asked at the same time, unless they are followed.
    private static let atOnce = 16
    /// Time that a node has for its last messages.
    private static let limit = Duration.seconds(60)

    private enum Event: Sendable {
        case line(node: String, text: String)
        case pause
    }

    func show() async throws {
        let client = try workspace.sshClient(cluster: cluster)
        let targets = try workspace.sshTargets(cluster: cluster, nodes: nodes)
        let printer = JournalPrinter(nodes: nodes.map(\.name), style: Output.style, json: json)
        var merge = JournalMerge()
        for try await event in events(client, targets) {
            switch event {
            case .line(let node, let text): merge.take(text, of: node, at: .now)
            case .pause where follows:
                for entry in merge.ready(after: Self.window, at: .now) { try printer.show(entry) }
            case .pause: break
            }
        }
        for entry in merge.rest().suffix(follows ? Int.max : lines) { try printer.show(entry) }
    }

    /// Lines of all nodes as they come, and a pause now and then; ends when no node has more.
    private func events(_ client: SSHClient, _ targets: [SSHTarget]) -> AsyncThrowingStream<Event, any Error> {
        let words = ["sudo", "journalctl", "--no-pager", "--quiet", "--no-hostname", "--output=short-unix"]
        let command = (words + ["--lines=\(lines)"] + (follows ? ["--follow"] : []) + query).joined(separator: " ")
        let atOnce = follows ? targets.count : Self.atOnce
        return AsyncThrowingStream { continuation in
            let task = Task {
                let ticker = Task {
                    while !Task.isCancelled {
                        try await Task.sleep(for: Self.window / 2)
                        continuation.yield(.pause)
                    }
                }
                await withTaskGroup(of: Void.self) { group in
                    for (index, target) in targets.enumerated() {
                        if index >= atOnce { await group.next() }
                        group.addTask {
                            await read(command, client, target) {
                                continuation.yield(.line(node: target.node, text: $0))
                            }
                        }
                    }
                }
                ticker.cancel()
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension ClusterJournal {
    /// Reads one node's journal, and says what keeps it from doing so.
    private func read(
        _ command: String,
        _ client: SSHClient,
        _ target: SSHTarget,
        _ take: @escaping @Sendable (String) -> Void,
    ) async {
        do {
            guard !follows else {
                try await client.lines(of: command, on: target, take)
                return Output.note("\(target.node) has ended")
            }
            let done: Bool? = try await withDeadline(Self.limit) {
                try await client.lines(of: command, on: target, take)
                return true
            }
            if done == nil {
                Output.note(
                    "\(target.node) has not given its journal within \(Format.duration(Self.limit)); its console: slipway logs \(cluster) \(target.node)"
                )
            }
        } catch is CancellationError {
            // Nobody wants more.
        } catch {
            Output.note("\(error)")
        }
    }
}

/// Messages as lines, each with its time and node.
struct JournalPrinter {
    private static let colors: [Style.Color] = [.cyan, .green, .yellow, .blue, .bold]

    private let width: Int
    private let colors: [String: Style.Color]
    private let style: Style
    private let json: Bool

    init(nodes: [String], style: Style, json: Bool) {
        width = nodes.map(\.count).max() ?? 0
        let ordered = nodes.naturallySorted().enumerated()
        colors = Dictionary(ordered.map { ($1, Self.colors[$0 % Self.colors.count]) }) { first, _ in first }
        self.style = style
        self.json = json
    }

    func show(_ entry: JournalEntry) throws {
        if json { try Output.event(entry) } else { Output.print(line(entry)) }
    }

    func line(_ entry: JournalEntry) -> String {
        let name = entry.node + String(repeating: " ", count: max(0, width - entry.node.count))
        let painted = colors[entry.node].map { style.paint(name, $0) } ?? name
        return "\(style.paint(Self.time(entry.time), .dim)) \(painted) \(entry.text)"
    }

    /// Month, day and time of day where this host is, to the millisecond.
    static func time(_ seconds: Double) -> String {
        var time = time_t(seconds)
        var parts = tm()
        localtime_r(&time, &parts)
        let milliseconds = Int((seconds - seconds.rounded(.down)) * 1000)
        func padded(_ number: Int, _ width: Int = 2) -> String {
            String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)"
        }
        let day = "\(padded(Int(parts.tm_mon) + 1))-\(padded(Int(parts.tm_mday)))"
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0)) }.joined(separator: ":")
        return "\(day) \(clock).\(padded(milliseconds, 3))"
    }
}
