import Synchronization
import Systemd

/// systemd in memory: units known by name, jobs that succeed unless the test says otherwise, a stream of states.
///
/// It has no unit file contents. A unit exists once it was added, linked or enabled by path; `stop` leaves nothing in
/// memory of a unit that did not fail, as the real one does.
package final class FakeSystemd: SystemdManager {
    /// One call that changed something, as the test wants to see it.
    package enum Call: Sendable, Hashable {
        case job(JobVerb, String)
        case resetFailed(String)
        case link(String)
        case enable(String)
        case disable(String)
        case mask(String)
        case unmask(String)
        case daemonReload
    }

    /// What a job comes to.
    package enum Outcome: Sendable, Hashable {
        case result(JobResult)
        case error(SystemdError)
        /// The job fails, and the unit stays as it is.
        case refused
        /// The job stays queued until ``FakeSystemd/finish(_:_:)``.
        case hang
    }

    let state = Mutex(State())

    package init() {}

    package func run(
        _ verb: JobVerb,
        _ unit: String,
        mode: JobMode,
        within limit: Duration,
    ) async throws(SystemdError) -> JobResult {
        let onJob = state.withLock { $0.onJob }
        onJob?(verb, unit)
        let (outcome, id) = try state.withLock { (state) throws(SystemdError) in
            (try state.begin(verb, unit).outcome, state.waiting[unit]?.id)
        }
        switch (outcome, id) {
        case (.result(let result), _): return result
        case (.refused, _): return .failed
        case (.error(let error), _): throw error
        case (.hang, let id?): return try await finished(verb, unit, id, within: limit)
        case (.hang, nil): return .canceled
        }
    }

    package func enqueue(_ verb: JobVerb, _ unit: String, mode: JobMode) async throws(SystemdError) -> String {
        let (outcome, job) = try state.withLock { (state) throws(SystemdError) in try state.begin(verb, unit) }
        await state.withLock { $0.beforeAnswer }?()
        if case .error(let error) = outcome { throw error }
        return job
    }

    package func resetFailed(_ unit: String) async throws(SystemdError) {
        try state.withLock { (state) throws(SystemdError) in
            try state.record(.resetFailed(unit))
            guard let status = state.loaded[unit] else { throw .noSuchUnit("reset-failed", unit, "not loaded") }
            if status.activeState == "failed" { state.unload(unit) }
        }
    }

    package func linkUnitFiles(
        _ paths: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange] {
        try state.withLock { (state) throws(SystemdError) in
            try paths.map { (path) throws(SystemdError) in
                try state.record(.link(path))
                return state.link(path, runtime: runtime)
            }
        }
    }

    package func enableUnitFiles(
        _ files: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange] {
        try state.withLock { (state) throws(SystemdError) in
            try files.map { (file) throws(SystemdError) in
                try state.record(.enable(file))
                return try state.enable(file, runtime: runtime)
            }
        }
    }

    package func disableUnitFiles(_ names: [String], runtime: Bool) async throws(SystemdError) -> [UnitFileChange] {
        try state.withLock { (state) throws(SystemdError) in
            try names.map { (name) throws(SystemdError) in
                try state.record(.disable(name))
                return try state.disable(name)
            }.flatMap(\.self)
        }
    }

    package func maskUnitFiles(
        _ names: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange] {
        try state.withLock { (state) throws(SystemdError) in
            try names.map { (name) throws(SystemdError) in
                try state.record(.mask(name))
                state.masked[name] = runtime
                let directory = runtime ? "/run/systemd/system" : "/etc/systemd/system"
                return UnitFileChange(kind: "symlink", path: "\(directory)/\(name)", target: "/dev/null")
            }
        }
    }

    package func unmaskUnitFiles(_ names: [String], runtime: Bool) async throws(SystemdError) -> [UnitFileChange] {
        try state.withLock { (state) throws(SystemdError) in
            try names.map { (name) throws(SystemdError) -> [UnitFileChange] in
                try state.record(.unmask(name))
                guard state.masked.removeValue(forKey: name) != nil else { return [] }
                let directory = runtime ? "/run/systemd/system" : "/etc/systemd/system"
                return [UnitFileChange(kind: "unlink", path: "\(directory)/\(name)", target: "")]
            }.flatMap(\.self)
        }
    }

    package func daemonReload() async throws(SystemdError) {
        try state.withLock { (state) throws(SystemdError) in try state.record(.daemonReload) }
    }

    package func listUnits(matching patterns: [String]) async throws(SystemdError) -> [UnitStatus] {
        let (units, meanwhile) = try state.withLock { (state) throws(SystemdError) in
            try state.checkConnection()
            let all = state.loaded.values.filter { unit in
                patterns.isEmpty || patterns.contains { glob($0[...], unit.name[...]) }
            }
            defer { if patterns.isEmpty { state.meanwhile = nil } }
            return (all.sorted { $0.name < $1.name }, patterns.isEmpty ? state.meanwhile : nil)
        }
        await meanwhile?()
        return units
    }

    package func unitProperty(
        _ property: String,
        interface: String,
        of unit: String,
    ) async throws(SystemdError) -> PropertyValue {
        try state.withLock { (state) throws(SystemdError) in
            state.asked[unit, default: []].append(property)
            return try state.property(property, of: unit)
        }
    }

    package func unitFileState(_ name: String) async throws(SystemdError) -> String? {
        try state.withLock { (state) throws(SystemdError) in
            try state.checkConnection()
            if let runtime = state.masked[name] { return runtime ? "masked-runtime" : "masked" }
            return state.files[name]
        }
    }

    package func unitStateChanges() -> AsyncStream<UnitChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: UnitChange.self)
        state.withLock { state in
            // It stays when it has ended, and is told in vain: to be told of its end under this lock could be waited for
            // by whoever tells it under the runtime's lock of its task.
            state.listeners.append(continuation)
            continuation.yield(.resync)
        }
        return stream
    }
}

// MARK: What the test does to it

extension FakeSystemd {
    /// Everything that was asked for and changes something, in order.
    package var calls: [Call] { state.withLock { $0.calls } }

    /// Forgets the calls so far.
    package func forgetCalls() { state.withLock { $0.calls = [] } }

    /// Makes a unit file known, as if it lay in /etc/systemd/system.
    package func addUnitFile(_ name: String, state fileState: String = "static") {
        state.withLock { $0.files[name] = fileState }
    }

    /// Decides what the next jobs of this kind on this unit come to; nil makes them succeed again.
    package func script(_ verb: JobVerb, _ unit: String, _ outcome: Outcome?) {
        state.withLock { $0.script[.init(verb: verb, unit: unit)] = outcome }
    }

    /// Loses the connection with the next question, which may have been heard, and so many after it.
    package func breakConnection(times: Int, heard: Bool = false) {
        state.withLock { $0.breaks = (times, heard) }
    }

    /// Does something whenever a job was asked for.
    package func onJob(_ body: (@Sendable (JobVerb, String) -> Void)?) {
        state.withLock { $0.onJob = body }
    }

    /// Ends a job that hangs.
    package func finish(_ unit: String, _ result: JobResult = .done) {
        state.withLock { state in
            guard let waiter = state.waiting[unit] else { return }
            state.apply(waiter.verb, unit, result)
            state.end(unit, .success(result))
            state.tell(.jobEnded(unit: unit, job: "job/\(waiter.id)", result))
        }
    }

    /// Puts a unit in a state, as when its process ends by itself.
    package func setState(_ unit: String, active: String, sub: String, load: String = "loaded", job: String? = nil) {
        state.withLock {
            $0.set(UnitStatus(name: unit, loadState: load, activeState: active, subState: sub, job: job))
        }
    }

    /// Puts a unit in a state that nobody is told of.
    package func setQuietly(_ unit: String, active: String, sub: String) {
        state.withLock { $0.loaded[unit] = UnitStatus(name: unit, activeState: active, subState: sub) }
    }

    /// Ends a unit by a job that the test's subject has not asked for, as when one stops with another one.
    package func stopOtherwise(_ unit: String, active: String = "inactive", sub: String = "dead") {
        state.withLock { state in
            if active == "inactive" {
                state.unload(unit)
            } else {
                state.set(UnitStatus(name: unit, activeState: active, subState: sub))
            }
            state.tell(.jobEnded(unit: unit, job: "job/\(state.nextID())", .done))
        }
    }

    /// Does something before each answer that names a job.
    package func beforeAnswer(_ body: (@Sendable () async -> Void)?) {
        state.withLock { $0.beforeAnswer = body }
    }

    /// Properties of a unit that were asked for, in order.
    package func properties(askedOf unit: String) -> [String] { state.withLock { $0.asked[unit] ?? [] } }

    /// Does something while the next list of all units is on its way to whoever asked.
    package func whileListing(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { $0.meanwhile = body }
    }

    /// Says that changes may have been missed, as after a reload.
    package func resync() { state.withLock { $0.tell(.resync) } }

    /// Sets a property of a unit; nil removes it.
    package func setProperty(_ property: String, of unit: String, _ value: PropertyValue?) {
        state.withLock { $0.properties[unit, default: [:]][property] = value }
    }

    /// While it is disconnected every call fails; listeners hear ``UnitChange/resync`` when it is back.
    package func setConnected(_ connected: Bool) {
        state.withLock { state in
            let wasConnected = state.connected
            state.connected = connected
            if connected, !wasConnected { state.tell(.resync) }
        }
    }
}
