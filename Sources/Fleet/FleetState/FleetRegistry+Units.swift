import Etcd
import UnitFiles

extension FleetRegistry {
    /// Adds a unit.
    ///
    /// - Returns: etcd's revision after it.
    /// - Throws: `unitExists`, or that etcd did not do it.
    @discardableResult
    package func create(
        unit name: String,
        _ file: UnitFile,
        target: TargetState = .inactive,
    ) async throws(RegistryError) -> Int64 {
        let transaction = Transaction(if: [.missing(keyspace.unit(name))], then: puts(name, file, target))
        let response = try await write("create unit \(name)", transaction)
        guard response.succeeded else { throw RegistryError(.unitExists, "unit \(name) exists already") }
        return response.revision
    }

    /// Gives a unit another text; the machine it is on loads it anew.
    ///
    /// - Parameter revision: of the text that was read before; `nil` replaces whatever is there.
    /// - Throws: `noSuchUnit`, `changedMeanwhile`, or that etcd did not do it.
    @discardableResult
    package func replace(
        unit name: String,
        _ file: UnitFile,
        target: TargetState,
        since revision: Int64? = nil,
    ) async throws(RegistryError) -> Int64 {
        try await change(name, "replace unit \(name)", since: revision, puts(name, file, target))
    }

    /// Says how far a unit is wanted.
    ///
    /// - Parameter revision: of the text for which that is wanted; `nil` stands for whatever text there is.
    /// - Throws: `noSuchUnit`, `changedMeanwhile`, or that etcd did not do it.
    @discardableResult
    package func setTarget(
        _ target: TargetState,
        of name: String,
        since revision: Int64? = nil,
    ) async throws(RegistryError) -> Int64 {
        let puts = [Operation.put(keyspace.desired(name), target.rawValue)]
        return try await change(name, "set the state of unit \(name)", since: revision, puts)
    }

    /// Writes what belongs to a unit that is there, with the text of `revision` where one is given.
    private func change(
        _ name: String,
        _ what: String,
        since revision: Int64?,
        _ puts: [Operation],
    ) async throws(RegistryError) -> Int64 {
        let key = keyspace.unit(name)
        let condition = revision.map { Comparison.unchanged(key, since: $0) } ?? .exists(key)
        let transaction = Transaction(
            if: [condition],
            then: puts,
            else: [.range(RangeRequest(.key(key), keysOnly: true))],
        )
        let response = try await write(what, transaction)
        guard !response.succeeded else { return response.revision }
        guard response.ranges.first?.count == 1 else { throw Self.noSuchUnit(name) }
        throw RegistryError(.changedMeanwhile, "unit \(name) was changed by somebody else")
    }

    /// Removes a unit and all that is known of it. Its state goes when its machine has stopped it.
    ///
    /// - Throws: `noSuchUnit`, or that etcd did not do it.
    @discardableResult
    package func destroy(unit name: String) async throws(RegistryError) -> Int64 {
        let keys = [
            keyspace.unit(name), keyspace.desired(name), keyspace.schedule(name), keyspace.reason(name),
            keyspace.update(name),
        ]
        let transaction = Transaction(if: [.exists(keyspace.unit(name))], then: keys.map { .delete($0) })
        let response = try await write("destroy unit \(name)", transaction)
        guard response.succeeded else { throw Self.noSuchUnit(name) }
        return response.revision
    }

    /// Sets metadata of machines over their own; `nil` takes a key away. Machines need not be present.
    @discardableResult
    package func setMetadata(
        _ changes: [(machine: String, key: String, value: String?)],
    ) async throws(RegistryError) -> Int64 {
        var last: [String: String] = [:]
        for change in changes { last[keyspace.metadata(change.machine, change.key)] = change.value ?? "" }
        let operations = last.sorted { $0.key < $1.key }.map { Operation.put($0.key, $0.value) }
        return try await write("set metadata of machines", Transaction(then: operations)).revision
    }

    private func puts(_ name: String, _ file: UnitFile, _ target: TargetState) -> [Operation] {
        [.put(keyspace.unit(name), file.canonicalText), .put(keyspace.desired(name), target.rawValue)]
    }

    private static func noSuchUnit(_ name: String) -> RegistryError {
        RegistryError(.noSuchUnit, "unit \(name) does not exist")
    }
}
