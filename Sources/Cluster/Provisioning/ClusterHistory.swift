import Etcd
import FoundationEssentials
import Planning

/// Something that a command did to a cluster.
package struct HistoryEntry: Sendable, Hashable, Codable {
    /// How it ended.
    package enum Outcome: String, Sendable, Hashable, Codable {
        case done, failed, stopped
        /// It has begun, and its end is not recorded: it goes on, or has died.
        case begun
        /// No command: a node left an image by itself, on which it was not well.
        case left
    }

    /// When it ended, or, while that is not recorded, when it began, in microseconds since 1970.
    package var time: Int64
    /// When it began, in microseconds since 1970; nil in entries from before that was recorded.
    package var began: Int64?
    /// Command that does the same: of one that makes several plans, each has its own.
    package var command: String
    /// Who gave it: `user@host`.
    package var by: String
    /// How it ended.
    package var outcome: Outcome
    /// Number of steps of its plan.
    package var steps: Int
    /// IDs of steps that failed, the first few.
    package var failed: [String]
    /// Seconds that it took.
    package var seconds: Double
    /// Seconds until each rung of the nodes that it waited for, by node; nil where it waited for none.
    package var rungs: [String: [String: Double]]?

    /// An entry; of the steps that failed, the first few are kept.
    package init(
        time: Int64,
        command: String,
        by: String,
        outcome: Outcome,
        steps: Int,
        failed: [String] = [],
        seconds: Double,
        rungs: [String: [String: Double]]? = nil,
        began: Int64? = nil,
    ) {
        self.time = time
        self.began = began
        self.command = command
        self.by = by
        self.outcome = outcome
        self.steps = steps
        self.failed = Array(failed.prefix(5))
        self.seconds = seconds
        self.rungs = rungs
    }
}

extension HistoryEntry {
    /// A node's retreat from an image.
    ///
    /// - Parameter node: name of the node, by which two of one second are told apart.
    package init(_ retreat: ObservedBoot.Retreat, of node: String) {
        let mark = node.utf8.reduce(Int64(0)) { ($0 * 31 + Int64($1)) % 1_000_000 }
        self.init(
            time: retreat.time * 1_000_000 + mark,
            command: "left root \(retreat.image.root.prefix(12)): \(retreat.reason)",
            by: node,
            outcome: .left,
            steps: 0,
            seconds: 0,
        )
    }
}

/// What was done to a cluster, in its own etcd: it goes with the cluster, and comes back with its backup.
package struct ClusterHistory: Sendable {
    /// Number of entries that are kept.
    package static let most = 200
    private static let prefix = "slipway/history/"

    private let etcd: any EtcdClient

    package init(_ etcd: any EtcdClient) { self.etcd = etcd }

    /// Adds an entry in the place of that of its beginning, and takes the oldest away of too many.
    package func append(_ entry: HistoryEntry) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try await etcd.put(Self.key(entry.began ?? entry.time), String(decoding: encoder.encode(entry), as: UTF8.self))
        let keys = try await etcd.range(RangeRequest(.prefix(Self.prefix), keysOnly: true)).keyValues.map(\.key)
        for key in keys.sorted().dropLast(Self.most) { try await etcd.delete(.key(key)) }
    }

    /// The last entries, the oldest first. One of a later version that this one does not understand is left out.
    package func entries(last count: Int) async throws -> [HistoryEntry] {
        let found = try await etcd.range(RangeRequest(.prefix(Self.prefix))).keyValues.sorted { $0.key < $1.key }
        return found.suffix(count).compactMap { try? JSONDecoder().decode(HistoryEntry.self, from: Data($0.value)) }
    }

    /// Keys in the order of their times.
    private static func key(_ time: Int64) -> String {
        let digits = "\(max(time, 0))"
        return prefix + String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    }
}
