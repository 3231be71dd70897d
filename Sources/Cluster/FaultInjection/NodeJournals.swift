import FoundationEssentials
import Synchronization

/// A line of a node's journal, with what tells events of units.
struct JournalLine: Decodable, Hashable {
    private enum CodingKeys: String, CodingKey {
        case unit = "UNIT"
        case message = "MESSAGE_ID"
        case time = "__REALTIME_TIMESTAMP"
        case uptime = "__MONOTONIC_TIMESTAMP"
        case boot = "_BOOT_ID"
        case name = "SYSLOG_IDENTIFIER"
    }

    var unit: String?
    var message: String?
    var time: String
    var uptime: String?
    var boot: String
    var name: String?

    /// Reads a line as `journalctl --output=json` prints it.
    init(_ text: Substring) throws { self = try JSONDecoder().decode(Self.self, from: Data(text.utf8)) }

    /// Seconds since 1970 by the node's clock, and seconds since its start.
    var clocks: (wall: Double, uptime: Double?)? {
        Double(time).map { ($0 / 1_000_000, uptime.flatMap(Double.init).map { $0 / 1_000_000 }) }
    }
}

/// What was ever read of nodes' journals.
///
/// A node that loses its power may leave a file that journalctl passes over from then on, without a word, and a file for
/// each of its boots, of which it keeps the newest few: what was there once is not there for good.
final class NodeJournals: Sendable {
    private struct Journal {
        var lines: [JournalLine] = []
        var known: Set<JournalLine> = []
    }

    private let journals = Mutex<[String: Journal]>([:])

    /// Adds a reading of a node's journal.
    ///
    /// - Returns: all lines of the node, in the order in which they were written.
    func add(_ lines: [JournalLine], of node: String) -> [JournalLine] {
        journals.withLock { journals in
            for line in lines where journals[node, default: Journal()].known.insert(line).inserted {
                journals[node]?.lines.append(line)
            }
            return journals[node]?.lines ?? []
        }
    }
}
