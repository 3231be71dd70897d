import Synchronization
import Systemd

extension FakeSystemd {
    struct JobKey: Hashable {
        var verb: JobVerb
        var unit: String
    }

    struct Waiter {
        var verb: JobVerb
        var id: Int
        /// Nil until somebody waits for the job.
        var continuation: CheckedContinuation<Result<JobResult, SystemdError>, Never>?
    }

    struct State {
        var calls: [Call] = []
        /// Unit file states by name.
        var files: [String: String] = [:]
        /// Masked names; true for a mask in /run.
        var masked: [String: Bool] = [:]
        var loaded: [String: UnitStatus] = [:]
        var properties: [String: [String: PropertyValue]] = [:]
        var script: [JobKey: Outcome] = [:]
        var waiting: [String: Waiter] = [:]
        /// How jobs ended that hung and were not waited for yet, by the waiter's number.
        var ended: [Int: Result<JobResult, SystemdError>] = [:]
        var listeners: [AsyncStream<UnitChange>.Continuation] = []
        var connected = true
        /// Questions at which the connection still breaks, and whether systemd has heard them.
        var breaks = (times: 0, heard: false)
        var onJob: (@Sendable (JobVerb, String) -> Void)?
        var beforeAnswer: (@Sendable () async -> Void)?
        var asked: [String: [String]] = [:]
        var meanwhile: (@Sendable () async -> Void)?
        private var lastID = 1000

        mutating func nextID() -> Int {
            lastID += 1
            return lastID
        }

        func checkConnection() throws(SystemdError) {
            if !connected { throw SystemdError(.disconnected, operation: "call", message: "the connection was lost") }
        }

        mutating func record(_ call: Call) throws(SystemdError) {
            try checkConnection()
            if breaks.times == 0 || breaks.heard { calls.append(call) }
            guard breaks.times > 0 else { return }
            breaks.times -= 1
            throw SystemdError(.disconnected, operation: "\(call)", message: "the connection was lost")
        }

        func tell(_ change: UnitChange) {
            for listener in listeners { listener.yield(change) }
        }

        mutating func set(_ status: UnitStatus) {
            loaded[status.name] = status
            tell(.status(status))
        }

        mutating func unload(_ unit: String) {
            guard loaded.removeValue(forKey: unit) != nil else { return }
            properties[unit] = nil
            tell(.unloaded(unit))
        }
    }
}

// MARK: Jobs

extension FakeSystemd.State {
    /// Records the job, checks what systemd checks before it queues one, and applies it unless it hangs.
    mutating func begin(
        _ verb: JobVerb,
        _ unit: String,
    ) throws(SystemdError) -> (outcome: FakeSystemd.Outcome, job: String) {
        try record(.job(verb, unit))
        try check(verb, unit)
        end(unit, .success(.canceled))
        let outcome = script[.init(verb: verb, unit: unit)] ?? .result(.done)
        let id = nextID()
        switch outcome {
        case .result(let result):
            apply(verb, unit, result)
            tell(.jobEnded(unit: unit, job: "job/\(id)", result))
        case .refused: tell(.jobEnded(unit: unit, job: "job/\(id)", .failed))
        case .hang: hang(verb, unit, id)
        case .error: break
        }
        return (outcome, "job/\(id)")
    }

    private func check(_ verb: JobVerb, _ unit: String) throws(SystemdError) {
        if verb != .stop, masked[unit] != nil {
            throw SystemdError(
                .refused,
                operation: "\(verb.rawValue) \(unit)",
                dbusName: SystemdError.unitMasked,
                message: "Unit \(unit) is masked.",
            )
        }
        if files[unit] == nil, loaded[unit] == nil, files[template(of: unit)] == nil {
            throw .noSuchUnit(verb.rawValue, unit, verb == .stop ? "not loaded" : "not found")
        }
    }

    mutating func apply(_ verb: JobVerb, _ unit: String, _ result: JobResult) {
        let starts = verb != .stop
        switch result {
        case .done where starts:
            if verb != .reload { properties[unit, default: [:]]["MainPID"] = .unsigned(UInt64(nextID())) }
            set(UnitStatus(name: unit, activeState: "active", subState: "running"))
        case .done:
            if loaded[unit] != nil { set(UnitStatus(name: unit)) }
            unload(unit)
        case .failed, .timeout:
            properties[unit]?["MainPID"] = nil
            set(UnitStatus(name: unit, activeState: "failed", subState: "failed"))
        default:
            break
        }
    }

    /// Takes the job that hangs, if there is one, out of the queue.
    mutating func end(_ unit: String, _ result: Result<JobResult, SystemdError>) {
        guard let waiter = waiting.removeValue(forKey: unit) else { return }
        if let continuation = waiter.continuation {
            continuation.resume(returning: result)
        } else {
            ended[waiter.id] = result
        }
    }

    private mutating func hang(_ verb: JobVerb, _ unit: String, _ id: Int) {
        waiting[unit] = FakeSystemd.Waiter(verb: verb, id: id)
        let active = verb == .stop ? "deactivating" : "activating"
        set(UnitStatus(name: unit, activeState: active, subState: verb.rawValue, job: verb.rawValue))
    }
}

// MARK: Unit files and properties

extension FakeSystemd.State {
    mutating func link(_ path: String, runtime: Bool) -> UnitFileChange {
        let name = baseName(path)
        files[name] = runtime ? "linked-runtime" : "linked"
        let directory = runtime ? "/run/systemd/system" : "/etc/systemd/system"
        return UnitFileChange(kind: "symlink", path: "\(directory)/\(name)", target: path)
    }

    mutating func enable(_ file: String, runtime: Bool) throws(SystemdError) -> UnitFileChange {
        let name = baseName(file)
        guard file.hasPrefix("/") || files[name] != nil || files[template(of: name)] != nil else {
            throw .noSuchUnit("enable", name, "not found")
        }
        files[name] = runtime ? "enabled-runtime" : "enabled"
        let directory = runtime ? "/run/systemd/system" : "/etc/systemd/system"
        return UnitFileChange(kind: "symlink", path: "\(directory)/multi-user.target.wants/\(name)", target: file)
    }

    mutating func disable(_ name: String) throws(SystemdError) -> [UnitFileChange] {
        switch files[name] {
        case nil:
            throw .noSuchUnit("disable", name, "does not exist")
        case "linked", "linked-runtime":
            files[name] = nil
        case "enabled", "enabled-runtime":
            files[name] = "disabled"
        default:
            return []
        }
        return [UnitFileChange(kind: "unlink", path: "/run/systemd/system/\(name)", target: "")]
    }

    func property(_ property: String, of unit: String) throws(SystemdError) -> PropertyValue {
        try checkConnection()
        if let value = properties[unit]?[property] { return value }
        let status = loaded[unit] ?? UnitStatus(name: unit, loadState: files[unit] == nil ? "not-found" : "loaded")
        switch property {
        case "Id": return .string(unit)
        case "LoadState": return .string(status.loadState)
        case "ActiveState": return .string(status.activeState)
        case "SubState": return .string(status.subState)
        case "MainPID": return .unsigned(0)
        case "NeedDaemonReload": return .bool(false)
        case "FragmentPath": return .string("")
        case "DropInPaths": return .strings([])
        default:
            throw SystemdError(
                .refused,
                operation: "property \(property) of \(unit)",
                dbusName: "org.freedesktop.DBus.Error.UnknownProperty",
                message: "Unknown property \(property)",
            )
        }
    }
}

// MARK: Waiting

extension FakeSystemd {
    func finished(
        _ verb: JobVerb,
        _ unit: String,
        _ id: Int,
        within limit: Duration,
    ) async throws(SystemdError) -> JobResult {
        let timer = Task { [weak self] in
            try await Task.sleep(for: limit)
            self?.giveUp(verb, unit, id, limit)
        }
        defer { timer.cancel() }
        let result = await withCheckedContinuation { continuation in
            state.withLock { state in
                if let result = state.ended.removeValue(forKey: id) {
                    continuation.resume(returning: result)
                } else {
                    state.waiting[unit]?.continuation = continuation
                }
            }
        }
        return try result.get()
    }

    private func giveUp(_ verb: JobVerb, _ unit: String, _ id: Int, _ limit: Duration) {
        let message = "the job has not finished within \(limit)"
        let error = SystemdError(.deadline, operation: "\(verb.rawValue) \(unit)", message: message)
        state.withLock { state in
            guard state.waiting[unit]?.id == id else { return }
            state.end(unit, .failure(error))
        }
    }
}

// MARK: Names

extension SystemdError {
    static func noSuchUnit(_ verb: String, _ unit: String, _ what: String) -> SystemdError {
        SystemdError(
            .refused,
            operation: "\(verb) \(unit)",
            dbusName: SystemdError.noSuchUnit,
            message: "Unit \(unit) \(what).",
        )
    }
}

private func baseName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
}

/// `web@1.service` comes from `web@.service`; other names from themselves.
private func template(of unit: String) -> String {
    guard let at = unit.firstIndex(of: "@"), let dot = unit.lastIndex(of: "."), at < dot else { return unit }
    return String(unit[...at] + unit[dot...])
}

/// Shell globs as far as unit names need them: `*` and `?`.
func glob(_ pattern: Substring, _ text: Substring) -> Bool {
    switch (pattern.first, text.first) {
    case (nil, nil): true
    case ("*", _): glob(pattern.dropFirst(), text) || (!text.isEmpty && glob(pattern, text.dropFirst()))
    case ("?", _?): glob(pattern.dropFirst(), text.dropFirst())
    case (let want?, let have?) where want == have: glob(pattern.dropFirst(), text.dropFirst())
    default: false
    }
}
