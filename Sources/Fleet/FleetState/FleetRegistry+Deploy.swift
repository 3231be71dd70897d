import Etcd
import UnitFiles

/// A unit as somebody wants it, whether or not it is there.
package struct UnitWish: Sendable {
    /// Name with suffix.
    package var name: String
    /// Text of the unit.
    package var file: UnitFile
    /// State to reach.
    package var target: TargetState

    package init(name: String, file: UnitFile, target: TargetState) {
        (self.name, self.file, self.target) = (name, file, target)
    }
}

extension FleetRegistry {
    /// How many units ``deploy(_:mark:)`` takes: it reads three keys of each at once.
    package static let unitsTogether = Transaction.maximumOperations / 3

    /// Makes or replaces units and sets what is wanted of them, of all or of none.
    ///
    /// - Parameters:
    ///   - wishes: at most ``unitsTogether``, each with a name of its own.
    ///   - mark: the key that exists beside a unit from then on, by the unit's name.
    /// - Returns: false when somebody else changed one of them meanwhile.
    package func deploy(_ wishes: [UnitWish], mark: (String) -> String) async throws(RegistryError) -> Bool {
        let present = try await keyValues(
            wishes.flatMap { [keyspace.unit($0.name), keyspace.desired($0.name), mark($0.name)] }
        )
        var conditions: [Comparison] = []
        var operations: [Operation] = []
        for wish in wishes {
            let (unit, desired, mark) = (keyspace.unit(wish.name), keyspace.desired(wish.name), mark(wish.name))
            conditions.append(.unchanged(unit, since: present[unit]?.modRevision ?? 0))
            if present[mark] == nil { operations.append(.put(mark, "")) }
            let text = present[unit].flatMap { try? UnitFile(parsing: $0.text, file: wish.name) }
            if text?.hash != wish.file.hash {
                operations.append(.put(unit, wish.file.canonicalText))
            } else if present[desired]?.text == wish.target.rawValue {
                continue
            }
            operations.append(.put(desired, wish.target.rawValue))
        }
        guard !operations.isEmpty else { return true }
        return try await write("deploy units", Transaction(if: conditions, then: operations)).succeeded
    }

    private func keyValues(_ keys: [String]) async throws(RegistryError) -> [String: KeyValue] {
        do {
            let reads = keys.map { Operation.range(RangeRequest(.key($0))) }
            let found = try await etcd.commit(Transaction(then: reads)).ranges.flatMap(\.keyValues)
            return found.reduce(into: [:]) { $0[$1.key] = $1 }
        } catch {
            throw RegistryError("read units", error)
        }
    }
}
