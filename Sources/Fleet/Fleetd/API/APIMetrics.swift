import Basics
import FleetState
import Synchronization
import UnitFiles

/// Counters of the API's requests, and figures of the cluster, in Prometheus' text format.
final class APIMetrics: Sendable {
    private struct Request: Hashable, Comparable {
        var method: String
        var status: Int

        static func < (lhs: Request, rhs: Request) -> Bool { (lhs.method, lhs.status) < (rhs.method, rhs.status) }
    }

    private let requests = Mutex<[Request: Int]>([:])
    private let engine: EngineCounters

    init(_ engine: EngineCounters) { self.engine = engine }

    static let methods: Set<String> = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"]

    func count(_ method: String, _ status: Int) {
        // A client may send any word for a method; each would be a line for ever.
        let method = Self.methods.contains(method) ? method : "other"
        requests.withLock { $0[Request(method: method, status: status), default: 0] += 1 }
    }

    func text(_ snapshot: FleetSnapshot?, machine: String?) -> String {
        var text = MetricsText()
        text.family("fleet_api_requests_total", "counter", "Requests that the API answered.")
        for (request, count) in requests.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            text.sample(["method": request.method, "code": String(request.status)], count)
        }
        add(engine.now, to: &text)
        guard let snapshot else { return text.lines }
        add(snapshot, machine, to: &text)
        return text.lines
    }

    /// The engine's figures under the names that the original gave them.
    private func add(_ engine: EngineCounters.Values, to text: inout MetricsText) {
        text.family("fleet_engine_leader_start_time", "gauge", "When this machine's engine began to lead, or 0.")
        text.sample([:], engine.leadsSince ?? 0)
        text.family("fleet_engine_reconcile_count_total", "counter", "Looks of the engine that ended well.")
        text.sample([:], engine.rounds)
        text.family("fleet_engine_reconcile_duration_second", "summary", "Time of the engine's looks that ended well.")
        text.summary(count: engine.rounds, sum: engine.roundsTook)
        text.family(
            "fleet_engine_schedule_duration_seconds",
            "summary",
            "Time for which units that got a machine had been without one while this engine led.",
        )
        text.summary(count: engine.placed, sum: engine.waited)
        text.family("fleet_engine_reconcile_failure_count_total", "counter", "Looks of the engine that failed.")
        text.sample(["type": "run"], engine.failedRounds)
        text.family("fleet_engine_task_count_total", "counter", "Units that the engine placed or took away.")
        for (task, count) in engine.tasks.sorted(by: { $0.key < $1.key }) { text.sample(["type": task], count) }
        let help = "Units that the engine was about to place or take away when they changed or etcd failed."
        text.family("fleet_engine_task_failure_count_total", "counter", help)
        for (task, count) in engine.failedTasks.sorted(by: { $0.key < $1.key }) { text.sample(["type": task], count) }
    }

    private func add(_ snapshot: FleetSnapshot, _ machine: String?, to text: inout MetricsText) {
        text.family("fleet_registry_revision", "gauge", "Revision of etcd that this machine knows.")
        text.sample([:], Int(snapshot.revision))
        text.family("fleet_registry_units", "gauge", "Units by the state that is wanted of them.")
        let wanted = snapshot.units.keys.map { snapshot.target(of: $0).rawValue }
        for state in TargetState.allCases.map(\.rawValue) {
            text.sample(["state": state], wanted.count { $0 == state })
        }
        text.family("fleet_registry_unit_states", "gauge", "Units on machines by systemd's active state.")
        let active = snapshot.states.values.flatMap { $0.values.map(\.state.activeState) }
        for state in Set(active).sorted() { text.sample(["active": state], active.count { $0 == state }) }
        text.family("fleet_registry_machines", "gauge", "Machines in the cluster.")
        text.sample([:], snapshot.machines.count)
        text.family("fleet_registry_malformed_keys", "gauge", "Keys of etcd that could not be understood.")
        text.sample([:], snapshot.malformed.count)
        text.family("fleet_engine_unplaced_units", "gauge", "Units that are wanted and that no machine takes.")
        text.sample([:], snapshot.reasons.count)
        text.family("fleet_engine_leader", "gauge", "Whether this machine's engine places the units.")
        text.sample([:], machine != nil && snapshot.leader?.machineID == machine ? 1 : 0)
    }
}
