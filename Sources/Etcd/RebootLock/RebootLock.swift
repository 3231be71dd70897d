import Basics
import Etcd
import FoundationEssentials

/// The cluster's reboot semaphore.
package protocol RebootLocking: Sendable {
    /// The semaphore; one that was never used has a single place.
    func semaphore() async throws -> RebootSemaphore

    /// Gives a machine a place, if one is free.
    ///
    /// - Returns: whether it has one, and the semaphore as it is now.
    func take(_ holder: String) async throws -> (taken: Bool, semaphore: RebootSemaphore)

    /// Takes a machine's place back. One that has none is no error.
    ///
    /// - Returns: whether it had one.
    @discardableResult
    func release(_ holder: String) async throws -> Bool

    /// - Returns: how many places there were before.
    func setMax(_ count: Int) async throws -> Int

    /// Returns when the semaphore is no longer as it was seen last, or when the time is up.
    func change(from seen: RebootSemaphore, within limit: Duration) async throws
}

/// The semaphore in etcd, at the key that every locksmith reads.
///
/// CoreOS's keeps it in the v2 keyspace. Flatcar's went on to v3 under the same key, and so does this one where etcd
/// serves no v2 API any more.
package struct RebootLock: RebootLocking {
    /// Number of attempts at a change that collides with others: since each collision is another's success, everyone's
    /// turn comes.
    private static let attempts = 50

    private let etcd: EtcdHTTPClient
    /// Key of the semaphore in etcd.
    package let key: String

    /// - Parameter group: machines that share a semaphore; the empty one is the default.
    package init(etcd: EtcdHTTPClient, group: String = "") {
        self.etcd = etcd
        let branch = group.isEmpty ? "" : "groups/\(PercentEncoding.encode(group, space: .plus))/"
        key = "coreos.com/updateengine/rebootlock/\(branch)semaphore"
    }

    package func semaphore() async throws -> RebootSemaphore { try await read().semaphore }

    package func take(_ holder: String) async throws -> (taken: Bool, semaphore: RebootSemaphore) {
        let (taken, semaphore) = try await changing { $0.take(holder) }
        return (taken, semaphore)
    }

    @discardableResult
    package func release(_ holder: String) async throws -> Bool {
        try await changing { $0.release(holder) }.done
    }

    package func setMax(_ count: Int) async throws -> Int {
        var previous = count
        _ = try await changing { semaphore in
            previous = semaphore.max
            semaphore.setMax(count)
            return true
        }
        return previous
    }

    package func change(from seen: RebootSemaphore, within limit: Duration) async throws {
        let present = try await read()
        guard present.semaphore == seen else { return }
        switch present.place {
        case .v2(let index?):
            try await etcd.legacyChange(of: key, after: index, within: limit)
        case .v3(let revision) where revision > 0:
            let watch = etcd.watch(.key(key), from: revision + 1)
            _ = try await withDeadline(limit) {
                for try await batch in watch where !batch.events.isEmpty { return }
            }
        case .v2(nil), .v3:
            return
        }
    }

    // MARK: Compare and swap

    /// Location of the semaphore, and the revision that was read.
    private enum Place {
        /// `modifiedIndex`; nil where there is no key yet.
        case v2(UInt64?)
        /// The revision of the last write; 0 where there is no key yet.
        case v3(Int64)
    }

    private struct Stored {
        var semaphore: RebootSemaphore
        var place: Place
    }

    private func read() async throws -> Stored {
        switch try await etcd.legacyValue(of: key) {
        case .value(let value): return Stored(semaphore: try parsed(value.text), place: .v2(value.index))
        case .absent: return Stored(semaphore: RebootSemaphore(), place: .v2(nil))
        case .notServed:
            guard let found = try await etcd.get(key) else {
                return Stored(semaphore: RebootSemaphore(), place: .v3(0))
            }
            return Stored(semaphore: try parsed(found.text), place: .v3(found.modRevision))
        }
    }

    private func parsed(_ text: String) throws -> RebootSemaphore {
        do {
            return try JSONDecoder().decode(RebootSemaphore.self, from: Data(text.utf8))
        } catch {
            throw RebootLockError(
                "\(key) in etcd holds '\(text.prefix(200))', which is no semaphore of locksmith's: \(error)"
            )
        }
    }

    private func write(_ semaphore: RebootSemaphore, over place: Place) async throws -> Bool {
        let text = try semaphore.json()
        switch place {
        case .v2(let index):
            return try await etcd.setLegacyValue(of: key, to: text, after: index)
        case .v3(let revision):
            let unchanged = revision == 0 ? Comparison.missing(key) : .unchanged(key, since: revision)
            return try await etcd.commit(Transaction(if: [unchanged], then: [.put(key, text)])).succeeded
        }
    }

    /// Reads, changes and writes, until no other write came between.
    ///
    /// - Parameter change: makes the change and says whether it could; nothing is written where it changes nothing.
    private func changing(
        _ change: (inout RebootSemaphore) -> Bool
    ) async throws -> (done: Bool, semaphore: RebootSemaphore) {
        for _ in 0..<Self.attempts {
            let stored = try await read()
            var semaphore = stored.semaphore
            let done = change(&semaphore)
            if semaphore == stored.semaphore { return (done, semaphore) }
            if try await write(semaphore, over: stored.place) { return (done, semaphore) }
        }
        throw RebootLockError("\(key) in etcd changes faster than it can be written")
    }
}

/// Failure of the semaphore itself; failures of etcd are an `EtcdError`.
package struct RebootLockError: Error, Sendable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}
