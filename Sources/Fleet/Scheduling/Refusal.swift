/// Reason why one machine does not take one unit.
package enum Refusal: Sendable, Hashable {
    /// The unit is pinned to another machine.
    case machineID(required: String)
    /// The machine's metadata has another value under `key`, or none.
    case metadata(key: String, required: Set<String>, found: String?)
    /// A unit that must be on the same machine is on another one, or does not run on this one.
    case peerNotHere(String)
    /// A unit on the machine conflicts with it.
    case conflict(String)
    /// A unit on the machine replaces it.
    case replaced(by: String)
    /// The machine is being drained.
    case draining
    /// It would replace a unit that it must be with.
    case wouldReplacePeer(String)
}

extension Refusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .machineID(let required):
            return "MachineID requires \(required)"
        case .metadata(let key, let required, let found):
            let wanted = required.sorted().map { "\(key)=\($0)" }.joined(separator: " or ")
            return "MachineMetadata requires \(wanted), the machine has \(found.map { "\(key)=\($0)" } ?? "no \(key)")"
        case .peerNotHere(let peer):
            return "MachineOf requires \(peer), which is not there"
        case .conflict(let unit):
            return "conflicts with \(unit), which is there"
        case .replaced(let unit):
            return "replaced by \(unit), which is there"
        case .draining:
            return "the machine is being drained"
        case .wouldReplacePeer(let unit):
            return "would replace \(unit), which MachineOf requires"
        }
    }
}
