import FleetAPI
import Synchronization
import UnitFiles

/// Lets the original's `fleetctl restart` come to its end, and restart units.
///
/// It asks for the unit loaded, waits until it is shown as *launched*, and then asks for it launched. Its servers were
/// slow enough to show the state from before at its first look, so that nothing was restarted; a server that is not
/// would make it wait for ever for a unit that is stopped. So the first look after such a request is shown the state
/// from before it, while the unit is being stopped. The original's `stop` begins in the same way, and only looks once
/// more.
final class OriginalRestarts: Sendable {
    private let units = Mutex<Set<String>>([])

    /// A client has changed what is wanted of a unit.
    ///
    /// - Parameter isLowered: from launched to loaded.
    func wanted(_ unit: String, _ request: APIRequest, isLowered: Bool) {
        let isRemembered = isLowered && request.isOriginals
        if isRemembered {
            units.withLock { _ = $0.insert(unit) }
        } else {
            units.withLock { _ = $0.remove(unit) }
        }
    }

    /// The unit as a client is to be shown it: once as it was before the client asked for it loaded.
    func shown(_ unit: APIUnit, to request: APIRequest) -> APIUnit {
        guard request.isOriginals else { return unit }
        let isFirst = units.withLock { $0.remove(unit.name) != nil }
        guard isFirst else { return unit }
        var before = unit
        before.currentState = .launched
        return before
    }
}

extension APIRequest {
    /// True where the original's fleetctl sent it, by the name of its HTTP library.
    fileprivate var isOriginals: Bool { userAgent.hasPrefix("google-api-go-client/") }
}
