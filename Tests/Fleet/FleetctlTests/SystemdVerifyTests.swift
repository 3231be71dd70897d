import Diagnostics
import Testing

@testable import Fleetctl

@Suite struct SystemdVerifyTests {
    @Test func itsLinesBecomeDiagnostics() {
        let output = """
            /tmp/x/a.service:3: Unknown key name 'Foo' in section 'Service', ignoring.
            a.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.
            /lib/systemd/system/other.service:1: Something else, ignoring.
            """
        let found = SystemdVerify(files: ["units/a.service": ""]).diagnostics(in: output, directory: "/tmp/x")
        #expect(
            found.map { "\($0.location.map(\.description) ?? "-") \($0.severity.rawValue) \($0.message)" } == [
                "units/a.service:3:1 warning systemd: Unknown key name 'Foo' in section 'Service', ignoring.",
                "- error systemd: a.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.",
            ]
        )
    }
}
