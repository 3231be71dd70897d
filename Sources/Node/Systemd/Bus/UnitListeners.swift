/// Listeners for unit changes, and the units that have changed since the last notification.
struct UnitListeners {
    private var continuations: [Int: AsyncStream<UnitChange>.Continuation] = [:]
    /// systemd has confirmed that it sends signals.
    var isSubscribed = false
    private var changed: Set<String> = []
    private var isQuerying = false

    var isEmpty: Bool { continuations.isEmpty }

    mutating func add(_ id: Int, _ continuation: AsyncStream<UnitChange>.Continuation) {
        continuations[id] = continuation
        if isSubscribed { continuation.yield(.resync) }
    }

    mutating func remove(_ id: Int) { continuations[id] = nil }

    func finish() {
        for continuation in continuations.values { continuation.finish() }
    }

    mutating func resync() {
        isSubscribed = true
        isQuerying = false
        changed = []
        tell(.resync)
    }

    mutating func noteChange(of unit: String) {
        if !isEmpty { changed.insert(unit) }
    }

    mutating func noteUnload(of unit: String) {
        changed.remove(unit)
        tell(.unloaded(unit))
    }

    func noteJobEnd(of unit: String, _ job: String, _ result: JobResult) {
        tell(.jobEnded(unit: unit, job: job, result))
    }

    /// The units to ask for now: one question at a time, so that changes in quick succession are folded.
    mutating func takeChanged() -> [String]? {
        guard !isQuerying, !changed.isEmpty, !isEmpty else { return nil }
        defer { changed = [] }
        isQuerying = true
        return changed.sorted()
    }

    mutating func answered(_ asked: [String], _ statuses: [UnitStatus]) {
        isQuerying = false
        for status in statuses { tell(.status(status)) }
        let present = Set(statuses.map(\.name))
        for name in asked where !present.contains(name) { tell(.unloaded(name)) }
    }

    /// Handles a failed query: listeners have to query for themselves.
    mutating func queryFailed() {
        isQuerying = false
        tell(.resync)
    }

    private func tell(_ change: UnitChange) {
        for continuation in continuations.values { continuation.yield(change) }
    }
}
