import Diagnostics
import Testing

@testable import Fleetctl

@Suite struct SystemdVerifyTests {
    @Test func itsLinesBecomeDiagnostics() {
        let output = """
            /tmp/x/a.service:3: Unknown key name 'Foo' in section 'Service', ignoring.
            a.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.
            a.service: Command /usr/bin/docker is not executable: No such file or directory
            a.service: Failed to create a.service/start: Unit docker.service not found.
            /tmp/x/a.service:7: Unit uses KillMode=none. This is unsafe, as it disables systemd's process lifecycle.
            /lib/systemd/system/other.service:1: Something else, ignoring.
            """
        let found = SystemdVerify(files: ["units/a.service": ""]).diagnostics(in: output, directory: "/tmp/x")
        #expect(
            found.map { "\($0.location.map(\.description) ?? "-") \($0.severity.rawValue) \($0.message)" } == [
                "units/a.service:3:1 warning systemd: Unknown key name 'Foo' in section 'Service', ignoring.",
                "- error systemd: a.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.",
                "- warning systemd: a.service: Command /usr/bin/docker is not executable: No such file or directory",
                "- warning systemd: a.service: Failed to create a.service/start: Unit docker.service not found.",
                "units/a.service:7:1 warning systemd: Unit uses KillMode=none. This is unsafe, as it disables systemd's "
                    + "process lifecycle.",
            ]
        )
    }
}
