import Diagnostics
import Testing
import UnitFiles

@Suite struct UnitFileDiagnosticsTests {
    private func lint(_ text: String, name: String = "web@1.service") throws -> [String] {
        let (_, diagnostics) = UnitFile.check(text, name: try UnitName(name), origin: TextOrigin(file: "u"))
        return diagnostics.map { "\($0.location.map(\.description) ?? "-") \($0.severity.rawValue) \($0.message)" }
    }

    private func service(_ lines: String) -> String { "[Service]\nExecStart=/bin/true\n[X-Fleet]\n" + lines }

    @Test func aGoodUnitHasNone() throws {
        let text = service("Conflicts=%p@*.service\nMachineMetadata=\"a=b\" \"c=d\"\nMachineOf=data@%i.service")
        #expect(try lint(text).isEmpty)
    }

    @Test func aTemplateIsCheckedAsItsInstances() throws {
        let text = service("Conflicts=%p@*.service\nMachineOf=data@%i.service")
        #expect(try lint(text, name: "web@.service").isEmpty)
        #expect(try lint(service("MachineOf=web@%i.service"), name: "web@.service").count == 1)
        // Which machine an instance is for, its name will say.
        #expect(try lint(service("MachineID=%i"), name: "web@.service").isEmpty)
    }

    @Test func unknownKeysNameTheNearest() throws {
        let (_, diagnostics) = UnitFile.check(
            service("Conflict=a\nFoo=b"),
            name: nil,
            origin: TextOrigin(file: "u"),
        )
        #expect(diagnostics.map { $0.location?.description } == ["u:4:1", "u:5:1"])
        #expect(diagnostics[0].message == "unrecognized requirement in [X-Fleet] section: \"Conflict\"")
        #expect(diagnostics[0].notes == ["did you mean Conflicts?"])
        #expect(diagnostics[1].notes.first?.contains("MachineMetadata") == true)
    }

    @Test(arguments: [
        ("MachineMetadata=region", "u:4:17 warning"), ("MachineMetadata=a=b c=d", "u:4:17 warning"),
        ("Conflicts=a[", "u:4:11 error"), ("MachineOf=web@1.service", "u:4:11 error"),
        ("MachineOf=web", "u:4:11 error"), ("MachineOf=a@.service", "u:4:11 error"),
        ("MachineID=node1", "u:4:11 warning"), ("Global=maybe", "u:4:8 warning"),
        ("Global=1\nGlobal=0", "u:5:1 warning"), ("X-Conflicts=a", "u:4:1 warning"),
        ("Global=true\nMachineOf=a.service", "u:5:1 error"),
        ("MachineOf=a.service\nConflicts=a.service", "u:5:1 error"),
        ("Weight=1001", "u:4:8 error"), ("PreferMachineMetadata=x", "u:4:23 error"), ("PreferApart=a[", "u:4:13 error"),
    ])
    func fleetSection(lines: String, start: String) throws {
        let found = try lint(service(lines))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(start) == true, "\(found)")
    }

    @Test(arguments: [
        "TimeoutStartSec=5 parsecs", "TimeoutStopSec=10 # seconds", "RestartSec=soon", "WatchdogSec=1.2.3s",
        "RemainAfterExit=maybe", "KillMode=controlgroup", "TimeoutSec=-1", "TimeoutSec=s",
    ])
    func valuesThatSystemdIgnores(line: String) throws {
        let found = try lint("[Service]\nExecStart=/bin/true\n\(line)\n")
        #expect(found == ["u:3:1 warning systemd ignores \(line)"])
    }

    @Test(arguments: [
        ("ExecStopPre=/bin/true", "systemd knows no ExecStopPre and ignores it"),
        ("ExecPost=/bin/true", "systemd knows no ExecPost and ignores it"),
        ("TimeoutstartSec=5", "systemd knows no TimeoutstartSec and ignores it"),
        ("RestartSecs=5", "systemd knows no RestartSecs and ignores it"),
        ("ExecStop=/bin/sh -c 'echo it is over", "a quote in ExecStop is not closed, and systemd does not run it"),
        ("Environment=\"A=b c", "a quote in Environment is not closed, and systemd ignores it"),
    ])
    func wordsThatSystemdPassesOver(line: String, message: String) throws {
        let found = try lint("[Service]\nExecStart=/bin/true\n\(line)\n")
        #expect(found.count == 1 && found.first?.contains("warning \(message)") == true, "\(found)")
    }

    @Test(arguments: [
        "ExecStartPre=-/bin/sh -c 'echo \"a\" \\'b\\''", "ExecReload=/bin/kill -HUP $MAINPID", "TimeoutSec=5",
        "Environment=\"A=b c\" 'D=e'", "RestartPreventExitStatus=1",
        "ExecStop=/bin/echo a\"b\"c", "ExecStop=/bin/echo it\\'s",
    ])
    func wordsThatSystemdReads(line: String) throws {
        #expect(try lint("[Service]\nExecStart=/bin/true\n\(line)\n") == [])
    }

    @Test(arguments: [
        ("Requires=data-checks", ["Requires=data-checks"]),
        ("After=docker.service etcd network", ["After=etcd", "After=network"]),
        ("After=docker.service \\\n  a@%i.service /var/lib/docker %p-data a-b.mount b.device", []),
        ("Description=a b", []),
    ])
    func dependenciesAreUnits(line: String, ignored: [String]) throws {
        let found = try lint("[Unit]\n\(line)\n[Service]\nExecStart=/bin/true\n")
        #expect(found.map { $0.split(separator: " ").dropFirst(4).joined(separator: " ") } == ignored, "\(found)")
    }

    @Test func sectionsThatAreNearlyFleets() throws {
        let found = try lint("[Service]\nExecStart=/bin/true\n[X-Flt]\nGlobal=true\n[X-Other]\nA=b\n")
        #expect(found == ["u:3:1 warning [X-Flt] is not read by anyone; did you mean [X-Fleet]?"])
    }

    @Test(arguments: [
        "TimeoutStartSec=0", "TimeoutStartSec=infinity", "TimeoutStartSec=5min 20s", "TimeoutStartSec=1h30m",
        "RestartSec=500ms", "RestartSec=1.5 s", "RestartSec=", "WatchdogSec=%i", "RemainAfterExit=Yes", "KillMode=none",
        "TimeoutStopSec=20 min", "RuntimeMaxSec=2 weeks 3d",
    ])
    func valuesThatSystemdReads(line: String) throws {
        #expect(try lint("[Service]\nExecStart=/bin/true\n\(line)\n") == [])
    }

    @Test(arguments: [
        "/usr/bin/docker run -d busybox", "docker run --name a -d busybox sh", "docker run -itd busybox",
        "/bin/docker run --rm --detach busybox", "docker run \\\n  -d x",
    ])
    func detachedContainers(command: String) throws {
        let found = try lint("[Service]\nExecStart=\(command)\n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("u:2:11 warning \"docker run -") == true, "\(found)")
    }

    @Test(arguments: [
        "/usr/bin/docker run --rm busybox sh -c 'date -d now'", "docker run --dns 1.1.1.1 busybox", "docker rm -d",
        "/bin/sh -c 'x -d'",
    ])
    func attachedContainers(command: String) throws {
        #expect(try lint("[Service]\nExecStart=\(command)\n").isEmpty)
    }

    @Test(arguments: [
        ("Type=simpel\nExecStart=/x", "u:2:1 warning systemd ignores Type=simpel"),
        ("Restart=alway\nExecStart=/x", "u:2:1 warning systemd ignores Restart=alway"),
        ("Type=simple\nExecStop=/x", "- warning web@1.service has no ExecStart, and systemd will refuse it"),
        (
            "Type=oneshot\nRemainAfterExit=yes",
            "- warning web@1.service has neither ExecStart nor ExecStop, and systemd will refuse it"
        ),
        ("ExecStart=/x\nExecStart=/y", "u:3:1 warning systemd refuses a service with 2 ExecStart"),
        (
            "Type=oneshot\nExecStart=/x\nRestart=always",
            "u:4:1 warning systemd refuses Restart=always with Type=oneshot"
        ),
        ("ExecStart=bin/x", "u:2:1 warning systemd refuses the relative path bin/x"),
        ("ExecStart=/x\n[Sevice]\nA=b", "u:3:1 warning systemd ignores [Sevice] in a .service unit"),
    ])
    func whatSystemdRefuses(lines: String, finding: String) throws {
        #expect(try lint("[Service]\n\(lines)\n") == [finding])
    }

    @Test(arguments: [
        "Type=oneshot\nExecStart=/x\nExecStart=/y", "ExecStart=/x\nExecStart=\nExecStart=/y", "ExecStart=-@/x y",
        "ExecStart=sleep 1", "ExecStart=${HOME}/x", "Type=oneshot\nExecStop=/x", "ExecStart=/x\n[X-Notes]\nA=b",
    ])
    func whatSystemdTakes(lines: String) throws {
        #expect(try lint("[Service]\n\(lines)\n").isEmpty)
    }

    @Test func theNameComesFromThePath() {
        #expect(UnitFile.check("[Service]\nExecStart=/x\n", path: "units/a.service").isEmpty)
        #expect(UnitFile.check("[Service]\nExecStart=/x\n", path: "units/a b.service").map(\.severity) == [.error])
    }

    /// A backslash before a carriage return continues no line; where the next one fails for that, the error says so alone.
    @Test(arguments: [("  x", ["error", "error"]), ("A=b", ["warning"])])
    func carriageReturns(next: String, severities: [String]) throws {
        let found = try lint("[Service]\r\nExecStart=/x \\\r\n\(next)\r\n")
        #expect(found.map { String($0.split(separator: " ")[1]) } == severities, "\(found)")
    }

    @Test(arguments: [
        ("mnt-x.mount", "/mnt/x", nil), ("m.mount", "/mnt/x", "mnt-x.mount"), ("srv-data.mount", "/srv//data/", nil),
        ("srv-a\\x2db.mount", "/srv/a-b", nil), ("srv-a-b.mount", "/srv/a-b", "srv-a\\x2db.mount"),
        ("-.mount", "/", nil), ("x.mount", "/srv/%H", nil), ("srv-.a.mount", "/srv/.a", nil),
        ("\\x2ea.mount", "/.a", nil), ("srv-\\xc3\\xa9.mount", "/srv/é", nil),
    ])
    func aMountIsCalledByItsPath(name: String, path: String, wanted: String?) throws {
        let found = try lint("[Mount]\nWhat=/dev/sda\nWhere=\(path)\n", name: name)
        let told = wanted.map { ["u:3:7 warning systemd refuses Where=\(path) in \(name); its unit is \($0)"] } ?? []
        #expect(found == told)
    }

    @Test func installIsANote() throws {
        #expect(try lint("[Service]\nExecStart=/x\n[Install]\nWantedBy=a").map { $0.prefix(10) } == ["u:3:1 note"])
    }

    @Test func aHeaderThatIsNotClosedIsThePlaceAllTheSame() throws {
        let found = try lint("[Service]\nExecStart=/x\n[Sevice\nA=b").map { $0.split(separator: " ").prefix(2) }
        #expect(found == [["u:3:1", "error"], ["u:3:1", "warning"]])
    }

    @Test func misspeltSection() throws {
        #expect(try lint("[Service]\nExecStart=/x\n[X-fleet]\nGlobal=true").first?.hasPrefix("u:3:1 warning") == true)
    }

    @Test func emptyAndBodiless() throws {
        #expect(try lint("").count == 1)
        #expect(try lint("[Unit]\nDescription=x").count == 1)
        #expect(try lint("[Unit]\nDescription=x", name: "a.target").isEmpty)
    }
}
