import Etcd
import FoundationEssentials
import RebootLock

/// The newest backup of a cluster, in its own etcd: whoever asks need not know where backups are kept.
package struct BackupMark: Sendable, Hashable, Codable {
    /// When it was written and checked, in seconds since 1970.
    package var time: Int64
    /// Revision of etcd that it holds.
    package var revision: Int64
    /// Size of its file in bytes.
    package var size: Int64

    private static let key = "slipway/backup"

    package init(time: Int64, revision: Int64, size: Int64) {
        (self.time, self.revision, self.size) = (time, revision, size)
    }

    /// Notes this backup as the newest.
    package func write(to etcd: any EtcdClient) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try await etcd.put(Self.key, String(decoding: encoder.encode(self), as: UTF8.self))
    }

    /// The newest backup; nil where there is none that this version knows of.
    package static func read(from etcd: any EtcdClient) async throws -> BackupMark? {
        guard let found = try await etcd.get(key) else { return nil }
        return try? JSONDecoder().decode(BackupMark.self, from: Data(found.value))
    }
}

/// What a cluster's etcd says of its upkeep.
package struct UpkeepFacts: Sendable, Hashable {
    /// The newest backup; nil where none was made.
    package var backup: BackupMark?
    /// Machines that hold the semaphore of reboots.
    package var rebooting: Int
    /// Machines that may hold it at a time.
    package var mostRebooting: Int
    /// The last command that changed the cluster; nil where none is known.
    package var lastCommand: HistoryEntry?
    /// Seconds until each rung, when a node was last waited for, by node.
    package var rungs: [String: [String: Double]] = [:]

    /// Facts that are known already.
    package init(
        backup: BackupMark? = nil,
        reboots: RebootSemaphore = RebootSemaphore(),
        history: [HistoryEntry] = []
    ) {
        self.backup = backup
        lastCommand = history.last { $0.outcome != .begun && $0.outcome != .left }
        for entry in history { rungs.merge(entry.rungs ?? [:]) { _, later in later } }
        (rebooting, mostRebooting) = (reboots.holders.count, reboots.max)
    }

    /// Reads it from a cluster's etcd.
    package init(reading etcd: EtcdHTTPClient) async throws {
        self.init(
            backup: try await BackupMark.read(from: etcd),
            reboots: try await RebootLock(etcd: etcd).semaphore(),
            history: try await ClusterHistory(etcd).entries(last: ClusterHistory.most),
        )
    }
}
