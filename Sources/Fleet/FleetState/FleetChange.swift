/// Whom a change of fleet's state concerns.
///
/// Of hundreds of changes a second, as while a cluster starts, nearly all are what machines say of their units; if each
/// one woke every part of every fleetd, it is that which would take the processors.
struct FleetChange: Sendable, Equatable {
    /// Machines whose presence, metadata or draining has changed.
    var machines: Set<String> = []
    /// Machines that said something of their units.
    var reporters: Set<String> = []
    /// True where units, what is wanted of them or where they run has changed, and where anything may have.
    var concernsAll = false
    /// True where another engine leads, or none.
    var isOfLeader = false

    /// A change of which nothing is known: fleet's state was read anew.
    static let unknown = FleetChange(concernsAll: true, isOfLeader: true)

    /// Notes that the key of an entry was written or removed.
    mutating func note(_ entry: Keyspace.Entry) {
        switch entry {
        case .machine(let id), .drain(let id), .metadata(let id, _): machines.insert(id)
        case .state(_, let machine): reporters.insert(machine)
        case .engine: isOfLeader = true
        case .unit, .desired, .schedule, .reason, .update, .rebalance: concernsAll = true
        }
    }
}

/// Part of fleet's state of which somebody wants to hear.
package enum FleetInterest: Sendable, Hashable {
    /// Every change.
    case everything
    /// Presence, metadata and draining of a machine.
    case machine(String)
    /// What a machine's agent acts on: all but what others are and say of their units.
    case agent(of: String)
    /// What a machine's engine acts on: everything while it leads, and else who is there and who leads.
    case engine(of: String)

    func isMet(by change: FleetChange, _ snapshot: FleetSnapshot) -> Bool {
        switch self {
        case .everything: true
        case .machine(let id): change == .unknown || change.machines.contains(id)
        case .agent(let id): change.concernsAll || change.machines.contains(id) || change.reporters.contains(id)
        case .engine(let id):
            change == .unknown || change.isOfLeader || !change.machines.isEmpty || snapshot.leader?.machineID == id
        }
    }
}
