import FleetState
import Synchronization

/// Registration of this machine.
package final class Presence: Sendable {
    private struct State {
        var session: MachineSession?
        var failure: RegistryError?
        var isClosed = false
        var listeners = Listeners<MachineSession?>()
    }

    private let state = Mutex(State())

    package init() {}

    /// `nil` while the machine is not registered.
    package var session: MachineSession? { state.withLock { $0.session } }

    /// Reason why it is not registered; nil where it is.
    package var failure: RegistryError? { state.withLock { $0.failure } }

    /// The present session and every later one.
    package func sessions() -> AsyncStream<MachineSession?> {
        state.withLock { $0.listeners.listen(.some($0.session)) }
    }

    /// Notes a session that began.
    package func began(_ session: MachineSession) {
        change { ($0.session, $0.failure) = (session, nil) }
    }

    /// Does nothing if another session has begun meanwhile.
    package func ended(_ session: MachineSession, _ error: RegistryError) {
        change { state in
            if state.session == session { (state.session, state.failure) = (nil, error) }
        }
    }

    /// The machine leaves: it does not register again.
    package func close() {
        change { ($0.session, $0.isClosed) = (nil, true) }
    }

    /// True once the daemon ends.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Notes a failure to reach etcd.
    package func failed(_ error: RegistryError) {
        change { $0.failure = error }
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            let before = state.session
            body(&state)
            guard state.session != before else { return }
            state.listeners.tell(state.session)
        }
    }
}
