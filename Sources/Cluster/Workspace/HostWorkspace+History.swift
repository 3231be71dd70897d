import Basics
import Etcd
import FoundationEssentials
import Planning
import Provisioning
import Synchronization
import TopologyModel

extension HostWorkspace {
    /// Time in which the end of a command is recorded.
    private static let recordLimit = Duration.seconds(3)
    /// The same of its beginning, for which it waits.
    private static let beginLimit = Duration.seconds(1)

    /// Records in a cluster's etcd that a command begins to change it: if it dies, that much is known.
    ///
    /// - Parameter leaving: name of a node that is about to be off.
    /// - Returns: the entry, for ``record(_:_:steps:failed:took:rungs:begun:of:)``; nil where it is not recorded, as in a
    ///   cluster whose etcd has, or will have, no majority of its members on.
    package func recordBeginning(
        _ command: String,
        steps: Int,
        of cluster: String,
        without leaving: String? = nil,
    ) async -> HistoryEntry? {
        // One that was sent may be kept, whatever is heard of it: its end takes its place.
        let sent = Mutex<HistoryEntry?>(nil)
        // What cannot be recorded now is once the command has ended.
        _ = try? await withDeadline(Self.beginLimit) {
            let nodes = try await provider.observe().nodes(of: cluster)
            let members = nodes.filter { $0.etcd == .member }
            let staying = members.count { $0.power == .running && $0.name != leaving }
            guard staying * 2 > members.count else { return }
            let now = Self.now
            let entry = HistoryEntry(
                time: now,
                command: command,
                by: try Self.userAtHost(),
                outcome: .begun,
                steps: steps,
                seconds: 0,
                began: now,
            )
            let history = try self.history(of: cluster, nodes)
            sent.withLock { $0 = entry }
            try await history.append(entry)
        }
        return sent.withLock { $0 }
    }

    /// Records in a cluster's etcd what a command did to it, and what its nodes did by themselves.
    ///
    /// - Parameter begun: what is recorded of its beginning; nil for nothing.
    /// - Returns: why it is not recorded; nil where it is, and for a cluster without an etcd to record it in.
    package func record(
        _ command: String,
        _ outcome: HistoryEntry.Outcome,
        steps: Int,
        failed: [String] = [],
        took: Duration,
        rungs: [String: [String: Double]]? = nil,
        begun: HistoryEntry? = nil,
        of cluster: String,
    ) async -> String? {
        do {
            let done: Bool? = try await withDeadline(Self.recordLimit) {
                let nodes = try await provider.observe().nodes(of: cluster)
                guard nodes.contains(where: { $0.etcd == .member }) else { return true }
                let entry = HistoryEntry(
                    time: Self.now,
                    command: command,
                    by: try Self.userAtHost(),
                    outcome: outcome,
                    steps: steps,
                    failed: failed,
                    seconds: took / .seconds(1),
                    rungs: rungs,
                    began: begun?.began,
                )
                let history = try self.history(of: cluster, nodes)
                for retreat in Self.retreats(of: nodes) { try await history.append(retreat) }
                try await history.append(entry)
                return true
            }
            return done == nil ? "libvirt or etcd has not answered within \(Self.recordLimit)" : nil
        } catch {
            return "\(error)"
        }
    }

    /// Does something to a cluster, and records it.
    ///
    /// - Parameters:
    ///   - leaving: name of a node that is about to be off.
    ///   - steps: number of steps, by the result.
    package func recording<Result>(
        _ command: String,
        of cluster: String,
        without leaving: String? = nil,
        steps: (Result) -> Int = { _ in 1 },
        _ body: () async throws -> Result,
    ) async throws -> Result {
        let begin = ContinuousClock.now
        let begun = await recordBeginning(command, steps: 1, of: cluster, without: leaving)
        do {
            let result = try await body()
            await recordEnd(command, .done, steps: steps(result), since: begin, begun, of: cluster)
            return result
        } catch {
            let outcome: HistoryEntry.Outcome = error is CancellationError || Task.isCancelled ? .stopped : .failed
            await recordEnd(command, outcome, steps: 1, since: begin, begun, of: cluster)
            throw error
        }
    }

    /// What is not recorded is no failure of what was done; of a command whose beginning is not, nothing is.
    private func recordEnd(
        _ command: String,
        _ outcome: HistoryEntry.Outcome,
        steps: Int,
        since begin: ContinuousClock.Instant,
        _ begun: HistoryEntry?,
        of cluster: String,
    ) async {
        guard let begun else { return }
        let took = ContinuousClock.now - begin
        // One that was interrupted is recorded all the same.
        _ = await Task { await record(command, outcome, steps: steps, took: took, begun: begun, of: cluster) }.value
    }

    /// What was done to a cluster, the oldest first.
    package func history(of cluster: String, last count: Int) async throws -> [HistoryEntry] {
        let nodes = try await provider.observe().nodes(of: cluster)
        guard !nodes.isEmpty else { throw UserError("there is no cluster '\(cluster)'; see: slipway list") }
        let kept = try await history(of: cluster, nodes).entries(last: count)
        // What nodes did since the last command.
        let others = Self.retreats(of: nodes).filter { !kept.contains($0) }
        return Array((kept + others).sorted { ($0.began ?? $0.time) < ($1.began ?? $1.time) }.suffix(count))
    }

    private func history(of cluster: String, _ nodes: [ObservedNode]) throws -> ClusterHistory {
        ClusterHistory(try substitutes?.keys ?? etcdClient(of: cluster, nodes: nodes))
    }

    private static func retreats(of nodes: [ObservedNode]) -> [HistoryEntry] {
        nodes.compactMap { node in node.boot?.retreat.map { HistoryEntry($0, of: node.name) } }
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
