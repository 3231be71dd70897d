import Basics
import Etcd
import FleetState
import RebootLock

/// Changes to the keys of a backup before a cluster is made of them: what machines said of themselves is over, and
/// machines of another name are other machines.
package struct RestoredKeys: Sendable {
    /// For each machine of the backup that there will be again, the ID that it will have.
    let machines: [String: String]
    private let keyspace = Keyspace()
    private static let rebootLocks = "coreos.com/updateengine/rebootlock/"

    package init(machines: [String: String]) { self.machines = machines }

    /// Changes the keys of a store that nobody else uses.
    package func apply(to etcd: any EtcdClient) async throws {
        let fleet = try await etcd.range(RangeRequest(.prefix(keyspace.prefix)))
        let locks = try await etcd.range(RangeRequest(.prefix(Self.rebootLocks)))
        let changes = try fleet.keyValues.flatMap(changes) + locks.keyValues.compactMap(unlocked)
        for start in stride(from: 0, to: changes.count, by: Transaction.maximumOperations) {
            let part = changes[start..<min(start + Transaction.maximumOperations, changes.count)]
            _ = try await etcd.commit(Transaction(then: Array(part)))
        }
    }

    /// Fleet's key without what only a machine that is present can say, and with the IDs that machines have now. A unit
    /// that was on a machine that does not come back is placed anew.
    private func changes(_ keyValue: KeyValue) -> [Operation] {
        let parts = keyValue.key.dropFirst(keyspace.prefix.count).split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("machine", _), ("state", _), ("engine", _):
            return [.delete(keyValue.key)]
        case ("schedule", 2):
            guard let id = machines[keyValue.text] else { return [.delete(keyValue.key)] }
            return id == keyValue.text ? [] : [.put(keyValue.key, id)]
        case ("drain", 2), ("metadata", 3):
            guard let id = machines[parts[1]] else { return [.delete(keyValue.key)] }
            if id == parts[1] { return [] }
            let key = parts[0] == "drain" ? keyspace.drain(id) : keyspace.metadata(id, parts[2])
            return [.delete(keyValue.key), .put(key: key, value: keyValue.value, lease: nil)]
        default:
            return []
        }
    }

    /// A machine that was rebooting when the backup was made is not rebooting now.
    private func unlocked(_ keyValue: KeyValue) throws -> Operation? {
        try Self.unlocked(keyValue.text).map { .put(keyValue.key, $0) }
    }

    /// The keys of etcd's v2 store as they are put back: reboot semaphores without holders.
    package static func legacy(_ keys: [EtcdHTTPClient.LegacyKey]) throws -> [EtcdHTTPClient.LegacyKey] {
        try keys.map { key in
            var key = key
            if key.key.hasPrefix("/\(rebootLocks)"), let text = key.value { key.value = try unlocked(text) ?? text }
            return key
        }
    }

    /// The semaphore with all its places free; nil where they are, or where this is no semaphore.
    private static func unlocked(_ text: String) throws -> String? {
        guard var semaphore = RebootSemaphore(json: text), !semaphore.holders.isEmpty else { return nil }
        for holder in semaphore.holders { _ = semaphore.release(holder) }
        return try semaphore.json()
    }
}
