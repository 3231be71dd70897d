/// Keys of fleet's state in etcd's v3 store.
///
/// | key, after the prefix | value | lease |
/// |---|---|---|
/// | `unit/NAME` | the unit's canonical text | |
/// | `desired/NAME` | `inactive`, `loaded` or `launched` | |
/// | `schedule/NAME` | the machine the unit is to run on | |
/// | `reason/NAME` | why the unit, though wanted, is on no machine, or cannot leave one that is being drained | |
/// | `machine/ID` | ``MachineRecord`` as JSON | the machine's |
/// | `metadata/ID/KEY` | metadata set through the API, over the machine's own; empty removes | |
/// | `drain/ID` | there while the machine is being drained | |
/// | `rebalance` | ``RebalanceMode``; missing when off | |
/// | `update/NAME` | ``UpdateRecord`` as JSON | |
/// | `state/NAME/ID` | ``UnitState`` as JSON | the machine's |
/// | `engine` | the leading engine's machine | that machine's |
///
/// Nothing here is written periodically: a lease's renewal is the only sign of life. The lease of a machine takes
/// its presence, its unit states and its leadership with it. `unit/` and `desired/` are made and deleted together, and
/// deleting them deletes `schedule/`, `reason/` and `update/` too.
package struct Keyspace: Sendable, Equatable {
    /// The original's prefix, in a store of its own: v2 and v3 keys do not see each other.
    package static let defaultPrefix = "/_coreos.com/fleet/"

    /// Prefix of all keys, with a slash at its end.
    package let prefix: String

    /// - Parameter prefix: taken with a slash at its end, whether it has one or not.
    package init(prefix: String = defaultPrefix) {
        self.prefix = prefix.hasSuffix("/") ? prefix : prefix + "/"
    }

    /// Key of a unit's text.
    package func unit(_ name: String) -> String { "\(prefix)unit/\(name)" }
    /// Key of the state wanted of a unit.
    package func desired(_ name: String) -> String { "\(prefix)desired/\(name)" }
    /// Key of the machine on which a unit is scheduled.
    package func schedule(_ name: String) -> String { "\(prefix)schedule/\(name)" }
    /// Key of the reason for which a unit runs nowhere.
    package func reason(_ name: String) -> String { "\(prefix)reason/\(name)" }
    /// Key that marks a machine as drained.
    package func drain(_ id: String) -> String { "\(prefix)drain/\(id)" }
    /// Key of a rolling update.
    package func update(_ name: String) -> String { "\(prefix)update/\(name)" }
    /// Key of the engine's spreading.
    package var rebalance: String { "\(prefix)rebalance" }
    /// Key of a machine's record.
    package func machine(_ id: String) -> String { "\(prefix)machine/\(id)" }
    /// Key of metadata given to a machine at run time.
    package func metadata(_ id: String, _ key: String) -> String { "\(prefix)metadata/\(id)/\(key)" }
    /// Key of a unit's state on a machine.
    package func state(_ name: String, on machine: String) -> String { "\(prefix)state/\(name)/\(machine)" }
    /// Key of the leading engine.
    package var engine: String { "\(prefix)engine" }
}

extension Keyspace {
    /// Subject of a key.
    enum Entry: Equatable {
        case unit(String)
        case desired(String)
        case schedule(String)
        case reason(String)
        case machine(String)
        case metadata(machine: String, key: String)
        case state(unit: String, machine: String)
        case drain(String)
        case update(String)
        case rebalance
        case engine
    }

    /// `nil` for a key that is not fleet's.
    func entry(of key: String) -> Entry? {
        guard key.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = key.utf8.dropFirst(prefix.utf8.count)
        let parts = rest.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        switch (parts.first, parts.count) {
        case ("unit", 2): return .unit(parts[1])
        case ("desired", 2): return .desired(parts[1])
        case ("schedule", 2): return .schedule(parts[1])
        case ("reason", 2): return .reason(parts[1])
        case ("drain", 2): return .drain(parts[1])
        case ("update", 2): return .update(parts[1])
        case ("rebalance", 1): return .rebalance
        case ("machine", 2): return .machine(parts[1])
        case ("metadata", 3): return .metadata(machine: parts[1], key: parts[2])
        case ("state", 3): return .state(unit: parts[1], machine: parts[2])
        case ("engine", 1): return .engine
        default: return nil
        }
    }
}
