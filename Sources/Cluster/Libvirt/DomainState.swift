import CLibvirt

/// `virDomainState`: what a domain is doing.
package enum DomainState: String, Sendable, Hashable {
    case running, blocked, paused, shuttingDown, shutOff, crashed, suspendedByGuest, none

    /// Whether it has processes, be they stopped or on their way out.
    package var isActive: Bool { self != .shutOff && self != .crashed && self != .none }

    /// Whether its processes run.
    package var runs: Bool { self == .running || self == .blocked }

    init(number: Int32) {
        let known: [(virDomainState, DomainState)] = [
            (VIR_DOMAIN_RUNNING, .running), (VIR_DOMAIN_BLOCKED, .blocked), (VIR_DOMAIN_PAUSED, .paused),
            (VIR_DOMAIN_SHUTDOWN, .shuttingDown), (VIR_DOMAIN_SHUTOFF, .shutOff), (VIR_DOMAIN_CRASHED, .crashed),
            (VIR_DOMAIN_PMSUSPENDED, .suspendedByGuest),
        ]
        self = known.first { Int32($0.0.rawValue) == number }?.1 ?? .none
    }
}
