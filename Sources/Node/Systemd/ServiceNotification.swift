import Basics
import Glibc

/// Notifications of a service to the systemd that started it (`sd_notify`); without one they do nothing.
package enum ServiceNotification {
    /// The service is up; systemd starts what is ordered after it.
    package static func ready(status: String? = nil) throws(SystemdError) {
        try send("READY=1" + (status.map { "\nSTATUS=\(oneLine($0))" } ?? ""))
    }

    /// The service has begun to shut down.
    package static func stopping(status: String? = nil) throws(SystemdError) {
        try send("STOPPING=1" + (status.map { "\nSTATUS=\(oneLine($0))" } ?? ""))
    }

    /// One line for `systemctl status`.
    package static func status(_ text: String) throws(SystemdError) {
        try send("STATUS=\(oneLine(text))")
    }

    private static func oneLine(_ text: String) -> String {
        text.split(separator: "\n").joined(separator: " ")
    }

    private static func send(_ state: String) throws(SystemdError) {
        let notifier = ServiceNotifier(address: getenv("NOTIFY_SOCKET").map { String(cString: $0) })
        guard let code = notifier.send(state) else { return }
        throw SystemdError(.unreachable, operation: "notify", message: "$NOTIFY_SOCKET: \(errnoText(code))")
    }
}
