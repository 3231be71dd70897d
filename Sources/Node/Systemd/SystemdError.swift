/// Reason why systemd did not do, or say, what was asked.
package struct SystemdError: Error, Sendable, Hashable {
    /// Kind of failure.
    package struct Code: Sendable, Hashable {
        private enum Kind { case refused, unreachable, disconnected, deadline, cancelled, malformed }
        private var kind: Kind

        /// systemd answered with an error; ``SystemdError/dbusName`` says which.
        package static let refused = Code(kind: .refused)
        /// No connection to systemd could be made.
        package static let unreachable = Code(kind: .unreachable)
        /// The connection ended while the answer was awaited: the request may have been carried out.
        package static let disconnected = Code(kind: .disconnected)
        /// No answer within the time allowed: the request may still be carried out.
        package static let deadline = Code(kind: .deadline)
        /// The task was cancelled.
        package static let cancelled = Code(kind: .cancelled)
        /// The answer was not what systemd's interface promises.
        package static let malformed = Code(kind: .malformed)
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Requested operation, such as `start web.service`.
    package var operation: String
    /// The D-Bus error's name, such as `org.freedesktop.systemd1.NoSuchUnit`.
    package var dbusName: String?
    /// The D-Bus error's text, or what happened and what to do.
    package var message: String

    package init(_ code: Code, operation: String, dbusName: String? = nil, message: String) {
        self.code = code
        self.operation = operation
        self.dbusName = dbusName
        self.message = message
    }

    /// systemd does not have the unit: it is not loaded, or there is no unit file of that name.
    package var isUnitNotLoaded: Bool { dbusName == Self.noSuchUnit }

    /// The same question may be answered a little later: PID 1 executes itself anew, reads its unit files, or has much
    /// to do.
    package var isPassing: Bool {
        switch code {
        case .disconnected, .unreachable, .deadline: true
        default: dbusName.map(Self.passing.contains) ?? false
        }
    }

    private static let passing: Set<String> = [
        "org.freedesktop.DBus.Error.Disconnected", "org.freedesktop.DBus.Error.NameHasNoOwner",
        "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Timeout",
        "org.freedesktop.DBus.Error.TimedOut",
    ]

    /// D-Bus name of the error for a unit that does not exist.
    package static let noSuchUnit = "org.freedesktop.systemd1.NoSuchUnit"
    /// D-Bus name of the error for a unit by one of its other names, or that is linked from elsewhere.
    package static let unitLinked = "org.freedesktop.systemd1.UnitLinked"
    /// D-Bus name of the error for a masked unit.
    package static let unitMasked = "org.freedesktop.systemd1.UnitMasked"
}

extension SystemdError: CustomStringConvertible {
    package var description: String {
        guard let dbusName else { return "systemd: \(operation): \(message)" }
        return "systemd: \(operation): \(message) (\(dbusName))"
    }
}
