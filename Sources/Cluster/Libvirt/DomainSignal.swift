import CLibvirt

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
