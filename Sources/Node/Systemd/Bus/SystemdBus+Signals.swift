import CSystemd
import Glibc

extension SystemdBus {
    package nonisolated func unitStateChanges() -> AsyncStream<UnitChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: UnitChange.self)
        Task { await self.listen(continuation) }
        return stream
    }

    private func listen(_ continuation: AsyncStream<UnitChange>.Continuation) {
        let id = operations.nextID()
        listeners.add(id, continuation)
        continuation.onTermination = { [weak self] _ in
            Task { await self?.stopListening(id) }
        }
        wakeConnection()
    }

    private func stopListening(_ id: Int) { listeners.remove(id) }

    /// A signal of an unknown shape changes nothing.
    func handleSignal(_ message: BusMessage) {
        switch (message.interface, message.member) {
        case (managerInterface, "JobRemoved"):
            if let (path, unit, result) = try? message.jobRemoved() {
                perform(operations.jobEnded(path, result))
                listeners.noteJobEnd(of: unit, path, result)
            }
        case (managerInterface, "UnitNew"):
            if let name = try? message.string() { listeners.noteChange(of: name) }
        case (managerInterface, "UnitRemoved"):
            if let name = try? message.string() { listeners.noteUnload(of: name) }
        case ("org.freedesktop.DBus.Properties", "PropertiesChanged"):
            if let name = unitName(path: message.path) { listeners.noteChange(of: name) }
        case (managerInterface, "Reloading"):
            // After a reload any unit's load state may be another one.
            if let isActive = try? message.bool(), !isActive { listeners.resync() }
        case ("org.freedesktop.DBus", "NameOwnerChanged"), ("org.freedesktop.DBus.Local", "Disconnected"):
            lost(SystemdError(.disconnected, operation: "receive", message: "systemd left the bus"))
        default:
            break
        }
    }

    /// Asks for the states of changed units. By pattern: a question by name would load units that are gone, which
    /// would be announced as a change, for ever.
    func queryChangedUnits() {
        guard connection != nil, let names = listeners.takeChanged() else { return }
        let call = BusCall.manager("ListUnitsByPatterns", "list units", [.strings([]), .strings(names)])
        begin(operations.nextID(), call) { result in
            let statuses = result.flatMap { message in
                message.parsed(call.operation) { (m) throws(BusFailure) in try m.unitStatuses() }
            }
            switch statuses {
            case .success(let statuses): self.listeners.answered(names, statuses)
            case .failure: self.listeners.queryFailed()
            }
        }
    }
}

private let managerInterface = "org.freedesktop.systemd1.Manager"
let unitPathPrefix = "/org/freedesktop/systemd1/unit"

/// The unit an object path stands for.
private func unitName(path: String) -> String? {
    var name: UnsafeMutablePointer<CChar>?
    guard sd_bus_path_decode(path, unitPathPrefix, &name) > 0, let name else { return nil }
    defer { free(name) }
    return String(cString: name)
}

extension BusMessage {
    /// `JobRemoved(u id, o job, s unit, s result)`
    fileprivate func jobRemoved() throws(BusFailure) -> (path: String, unit: String, JobResult) {
        _ = try uint32()
        return (try objectPath(), try string(), JobResult(rawValue: try string()))
    }
}
