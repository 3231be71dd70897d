import CSystemd
import Glibc

extension SystemdBus: SystemdManager {
    package func run(
        _ verb: JobVerb,
        _ unit: String,
        mode: JobMode,
        within limit: Duration,
    ) async throws(SystemdError) -> JobResult {
        try await job(.job(verb, unit, mode), within: limit)
    }

    package func enqueue(_ verb: JobVerb, _ unit: String, mode: JobMode) async throws(SystemdError) -> String {
        try await call(.job(verb, unit, mode)) { (message) throws(BusFailure) in try message.objectPath() }
    }

    package func resetFailed(_ unit: String) async throws(SystemdError) {
        try await call(.manager("ResetFailedUnit", "reset-failed \(unit)", [.string(unit)])) { _ in }
    }

    package func linkUnitFiles(
        _ paths: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange] {
        try await changeFiles("LinkUnitFiles", "link", paths, [.bool(runtime), .bool(force)])
    }

    package func enableUnitFiles(
        _ files: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange] {
        let arguments: [BusArgument] = [.strings(files), .bool(runtime), .bool(force)]
        let enable = BusCall.manager("EnableUnitFiles", "enable \(files.joined(separator: " "))", arguments)
        return try await call(enable) { (message) throws(BusFailure) in
            // The first value says whether there was an [Install] section at all; the list says what came of it.
            _ = try message.bool()
            return try message.unitFileChanges()
        }
    }

    package func disableUnitFiles(_ names: [String], runtime: Bool) async throws(SystemdError) -> [UnitFileChange] {
        try await changeFiles("DisableUnitFiles", "disable", names, [.bool(runtime)])
    }

    package func maskUnitFiles(
        _ names: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange] {
        try await changeFiles("MaskUnitFiles", "mask", names, [.bool(runtime), .bool(force)])
    }

    package func unmaskUnitFiles(_ names: [String], runtime: Bool) async throws(SystemdError) -> [UnitFileChange] {
        try await changeFiles("UnmaskUnitFiles", "unmask", names, [.bool(runtime)])
    }

    package func daemonReload() async throws(SystemdError) {
        var reload = BusCall.manager("Reload", "daemon-reload")
        reload.limit = .seconds(90)
        try await call(reload) { _ in }
    }

    package func listUnits(matching patterns: [String]) async throws(SystemdError) -> [UnitStatus] {
        let list = BusCall.manager("ListUnitsByPatterns", "list units", [.strings([]), .strings(patterns)])
        return try await call(list) { (message) throws(BusFailure) in try message.unitStatuses() }
    }

    package func unitProperty(
        _ property: String,
        interface: String,
        of unit: String,
    ) async throws(SystemdError) -> PropertyValue {
        var get = BusCall.manager("Get", "property \(property) of \(unit)")
        get.path = unitPath(unit)
        get.interface = "org.freedesktop.DBus.Properties"
        get.arguments = [.string("org.freedesktop.systemd1.\(interface)"), .string(property)]
        return try await call(get) { (message) throws(BusFailure) in try message.variant() }
    }

    package func unitFileState(_ name: String) async throws(SystemdError) -> String? {
        do {
            let get = BusCall.manager("GetUnitFileState", "unit file state of \(name)", [.string(name)])
            return try await call(get) { (message) throws(BusFailure) in try message.string() }
        } catch let error where error.dbusName == Self.fileNotFound || error.isUnitNotLoaded {
            return nil
        }
    }

    /// Makes systemd execute itself anew; returns when the connection is gone, which is its answer.
    package func daemonReexecute() async throws(SystemdError) {
        do {
            try await call(.manager("Reexecute", "daemon-reexec")) { _ in }
        } catch let error where error.code == .disconnected || error.dbusName == Self.noReply {
            return
        }
    }

    private static let noReply = "org.freedesktop.DBus.Error.NoReply"
    private static let fileNotFound = "org.freedesktop.DBus.Error.FileNotFound"

    private func changeFiles(
        _ method: String,
        _ verb: String,
        _ files: [String],
        _ flags: [BusArgument],
    ) async throws(SystemdError) -> [UnitFileChange] {
        let operation = "\(verb) \(files.joined(separator: " "))"
        let change = BusCall.manager(method, operation, [.strings(files)] + flags)
        return try await call(change) { (message) throws(BusFailure) in try message.unitFileChanges() }
    }
}

extension BusCall {
    static func manager(_ method: String, _ operation: String, _ arguments: [BusArgument] = []) -> BusCall {
        BusCall(method: method, arguments: arguments, operation: operation)
    }

    static func job(_ verb: JobVerb, _ unit: String, _ mode: JobMode) -> BusCall {
        .manager(verb.method, "\(verb.rawValue) \(unit)", [.string(unit), .string(mode.rawValue)])
    }

    static func addMatch(_ rule: String) -> BusCall {
        BusCall(
            destination: "org.freedesktop.DBus",
            path: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus",
            method: "AddMatch",
            arguments: [.string(rule)],
            operation: "listen on the system bus",
        )
    }
}

extension BusMessage {
    /// `a(ssssssouso)`: name, description, load, active and sub state, followed unit, path, job id, kind and path.
    func unitStatuses() throws(BusFailure) -> [UnitStatus] {
        let units = try array(of: "(ssssssouso)") { () throws(BusFailure) in
            try structure(of: "ssssssouso") { () throws(BusFailure) in try unitStatus() }
        }
        return units.sorted { $0.name < $1.name }
    }

    private func unitStatus() throws(BusFailure) -> UnitStatus {
        var status = UnitStatus(name: try string(), description: try string(), loadState: try string())
        status.activeState = try string()
        status.subState = try string()
        _ = (try string(), try objectPath())
        let hasJob = try uint32() != 0
        let kind = try string()
        _ = try objectPath()
        status.job = hasJob ? kind : nil
        return status
    }

    /// `a(sss)`: kind, link, target.
    func unitFileChanges() throws(BusFailure) -> [UnitFileChange] {
        try array(of: "(sss)") { () throws(BusFailure) in
            try structure(of: "sss") { () throws(BusFailure) in
                UnitFileChange(kind: try string(), path: try string(), target: try string())
            }
        }
    }
}

/// The object path that stands for a unit.
private func unitPath(_ unit: String) -> String {
    var path: UnsafeMutablePointer<CChar>?
    guard sd_bus_path_encode(unitPathPrefix, unit, &path) >= 0, let path else { return unitPathPrefix }
    defer { free(path) }
    return String(cString: path)
}
