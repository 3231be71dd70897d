import CLibvirt

/// `virDomainState`: what a domain is doing.
package enum DomainState: String, Sendable, Hashable {
    case running, blocked, paused, shuttingDown, shutOff, crashed, suspendedByGuest, none

    /// True when it has processes, be they stopped or on their way out.
    package var isActive: Bool { self != .shutOff && self != .crashed && self != .none }

    /// True when its processes run.
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

/// A signal as `virDomainSendProcessSignal` numbers it, which for the real-time ones is the kernel's numbering.
package struct DomainSignal: Sendable, Hashable {
    /// libvirt's number of the signal.
    package var number: UInt32

    /// SIGTERM.
    package static let terminate = DomainSignal(number: VIR_DOMAIN_PROCESS_SIGNAL_TERM.rawValue)
    /// SIGKILL.
    package static let kill = DomainSignal(number: VIR_DOMAIN_PROCESS_SIGNAL_KILL.rawValue)

    /// The C library's `SIGRTMIN + offset`, as systemd counts; the library keeps the kernel's first two for itself.
    package static func realTime(_ offset: UInt32) -> DomainSignal {
        DomainSignal(number: VIR_DOMAIN_PROCESS_SIGNAL_RT2.rawValue + offset)
    }
}
