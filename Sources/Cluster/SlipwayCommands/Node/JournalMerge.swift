import Basics

/// A message in a node's journal.
struct JournalEntry: Sendable, Hashable, Encodable {
    /// Seconds since 1970, by the node's clock.
    var time: Double
    /// Name of the node.
    var node: String
    /// Program and message, of which further lines are indented.
    var text: String
}

/// Journals of several nodes in the order of their times.
///
/// Lines are those of `journalctl --output=short-unix`, which begin with a time; one that begins with white space goes on
/// with a message. https://www.freedesktop.org/software/systemd/man/latest/journalctl.html
struct JournalMerge {
    private struct Held {
        var entry: JournalEntry
        var arrival: ContinuousClock.Instant
    }

    /// Sorted by time; those of the same time in the order in which they came.
    private var held: [Held] = []
    /// The message that each node's next line may go on with.
    private var open: [String: Held] = [:]

    /// Takes a line of a node's journal.
    mutating func take(_ line: String, of node: String, at now: ContinuousClock.Instant) {
        guard let entry = Self.entry(line, node) else {
            // What journalctl says of itself, such as where a boot begins, is no message.
            if line.first?.isWhitespace == true { open[node]?.entry.text += "\n\(line)" }
            return
        }
        close(node)
        open[node] = Held(entry: entry, arrival: now)
    }

    /// Returns the messages that came at least `window` before `now`, up to the first one that did not: what comes later
    /// from other nodes may belong before it.
    mutating func ready(after window: Duration, at now: ContinuousClock.Instant) -> [JournalEntry] {
        for (node, message) in open where now - message.arrival >= window { close(node) }
        let earliest = open.values.map(\.entry.time).min() ?? .infinity
        let count = held.firstIndex { now - $0.arrival < window || $0.entry.time > earliest } ?? held.count
        defer { held.removeFirst(count) }
        return held.prefix(count).map(\.entry)
    }

    /// Returns all messages that are left.
    mutating func rest() -> [JournalEntry] {
        for node in open.keys.sorted() { close(node) }
        defer { held = [] }
        return held.map(\.entry)
    }

    private mutating func close(_ node: String) {
        guard let message = open.removeValue(forKey: node) else { return }
        var (low, high) = (0, held.count)
        while low < high {
            let middle = (low + high) / 2
            if held[middle].entry.time <= message.entry.time { low = middle + 1 } else { high = middle }
        }
        held.insert(message, at: low)
    }

    private static func entry(_ line: String, _ node: String) -> JournalEntry? {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let time = Double(parts[0]), parts[0].first?.isNumber == true else { return nil }
        return JournalEntry(time: time, node: node, text: String(parts[1]))
    }
}
