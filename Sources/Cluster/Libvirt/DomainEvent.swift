import CLibvirt

/// A domain changed its state or its metadata.
package struct DomainEvent: Sendable, Hashable {
    /// `virDomainEventType`, and what has an event of its own.
    package enum Kind: String, Sendable, Hashable {
        case defined, undefined, started, suspended, resumed, stopped, shutdown, suspendedByGuest, crashed, other
        /// Something was written onto it.
        case metadata
    }

    /// Name of the domain.
    package var domain: String
    /// Kind of event.
    package var kind: Kind

    package init(domain: String, kind: Kind) {
        self.domain = domain
        self.kind = kind
    }
}

extension DomainEvent.Kind {
    init(number: Int32) {
        let known: [(virDomainEventType, DomainEvent.Kind)] = [
            (VIR_DOMAIN_EVENT_DEFINED, .defined), (VIR_DOMAIN_EVENT_UNDEFINED, .undefined),
            (VIR_DOMAIN_EVENT_STARTED, .started), (VIR_DOMAIN_EVENT_SUSPENDED, .suspended),
            (VIR_DOMAIN_EVENT_RESUMED, .resumed), (VIR_DOMAIN_EVENT_STOPPED, .stopped),
            (VIR_DOMAIN_EVENT_SHUTDOWN, .shutdown), (VIR_DOMAIN_EVENT_PMSUSPENDED, .suspendedByGuest),
            (VIR_DOMAIN_EVENT_CRASHED, .crashed),
        ]
        self = known.first { Int32($0.0.rawValue) == number }?.1 ?? .other
    }
}
