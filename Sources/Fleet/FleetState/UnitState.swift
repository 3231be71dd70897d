import Basics

/// State of one unit on one machine, as that machine reports it.
package struct UnitState: Sendable, Equatable, Codable {
    /// systemd's `LoadState`.
    package var loadState: String
    /// systemd's `ActiveState`.
    package var activeState: String
    /// systemd's `SubState`.
    package var subState: String
    /// Of the unit's text on the machine.
    package var hash: String
    /// The machine has started the unit and not stopped it since.
    package var launched: Bool

    /// End of a unit that is inactive.
    package enum Outcome: String, Sendable, Hashable, Codable {
        /// It has run, and ended well by itself.
        case done
        /// It was stopped, or never ran.
        case stopped
    }

    /// nil where it is not known, and for a unit that is not inactive.
    package var outcome: Outcome?
    /// Reason why it is not as it is wanted, as systemd puts it; nil when it is.
    package var reason: String?
    /// etcd's revision of the unit's `desired/NAME` that the machine has acted on last.
    package var answered: Int64?
    /// Address at which the unit has said that it is found, such as its container's; nil for that of its machine.
    package var address: IPv4Address?

    package init(
        loadState: String,
        activeState: String,
        subState: String,
        hash: String,
        launched: Bool,
        outcome: Outcome? = nil,
        reason: String? = nil,
        answered: Int64? = nil,
        address: IPv4Address? = nil,
    ) {
        self.loadState = loadState
        self.activeState = activeState
        self.subState = subState
        self.hash = hash
        self.launched = launched
        self.outcome = outcome
        self.reason = reason
        self.answered = answered
        self.address = address
    }

    /// True where systemd's active state is `active`.
    package var isActive: Bool { activeState == "active" }

    /// Returns whether the unit was started, and ended well by itself.
    ///
    /// - Parameter isOneshot: whether it is meant to end, which decides where the machine does not report an outcome.
    package func endedWell(isOneshot: Bool) -> Bool {
        guard launched, activeState == "inactive" else { return false }
        return outcome.map { $0 == .done } ?? isOneshot
    }
}

extension UnitState {
    /// Nil where something is not as a machine writes it.
    init?(plain bytes: [UInt8]) {
        guard let json = bytes.withUnsafeBytes({ JSONValue(utf8: $0) }),
            let loadState = json["loadState"]?.text, let activeState = json["activeState"]?.text,
            let subState = json["subState"]?.text, let hash = json["hash"]?.text,
            case .bool(let launched)? = json["launched"]
        else { return nil }
        self.init(loadState: loadState, activeState: activeState, subState: subState, hash: hash, launched: launched)
        switch json["outcome"] {
        case nil, .null: break
        case let word?:
            guard let known = word.text.flatMap(Outcome.init) else { return nil }
            outcome = known
        }
        switch json["reason"] {
        case nil, .null: break
        case .string(let text): reason = text
        default: return nil
        }
        switch json["answered"] {
        case nil, .null: break
        case .number(let digits):
            guard let number = Int64(digits) else { return nil }
            answered = number
        default: return nil
        }
        switch json["address"] {
        case nil, .null: break
        case let text?:
            guard let known = text.text.flatMap({ IPv4Address($0) }) else { return nil }
            address = known
        }
    }
}
