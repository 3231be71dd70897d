import Synchronization

/// Lets one who wants the agent to leave find it while it runs.
final class Leaving: Sendable {
    private let running = Mutex<Agent?>(nil)

    var agent: Agent? { running.withLock { $0 } }

    func set(_ agent: Agent) {
        running.withLock { $0 = agent }
    }
}
