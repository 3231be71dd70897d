import ArgumentParser
import FleetAPI
import SystemPackage
import Testing
import TransportSecurity
import UnitFiles

@testable import Fleetctl

@Suite struct CommandLineTests {
    @Test(arguments: [
        ("list-units", ["list-units"]),
        ("--endpoint http://h:1 list-units --full", ["list-units", "--endpoint", "http://h:1", "--full"]),
        ("--endpoint=unix:///x list-m", ["list-machines", "--endpoint=unix:///x"]),
        (
            "--debug --tunnel h list-unit-f --no-legend=true",
            ["list-unit-files", "--debug", "--tunnel", "h", "--no-legend"]
        ),
        ("list-units --full=false -l", ["list-units", "-l"]),
        ("--strict-host-key-checking=false ssh m", ["ssh", "--no-strict-host-key-checking", "m"]),
        ("ssh m -- x --full=false", ["ssh", "m", "--", "x", "--full=false"]),
        ("--version", ["version"]), ("-v", ["version"]), ("d x", ["destroy", "x"]), ("c x", ["cat", "x"]),
        ("u x", ["unload", "x"]), ("des x", ["destroy", "x"]), ("r x", ["restart", "x"]), ("up x", ["update", "x"]),
        ("status --no-block x", ["status", "--no-block", "x"]),
        ("", ["--help"]), ("-h", ["--help"]), ("help", ["--help"]), ("--debug help", ["--help"]),
        ("help start", ["help", "start"]), ("stat x", ["status", "x"]),
        ("journal --f a", ["journal", "-f", "a"]), ("list-units --l", ["list-units", "-l"]),
        ("ssh --A --machine m ls --full=false", ["ssh", "-A", "--machine", "m", "ls", "--full=false"]),
        ("--ca-file c list-units", ["list-units", "--ca-file", "c"]),
        ("list-units --help", ["list-units", "--help"]),
    ])
    func normalizes(line: String, normalized: [String]) throws {
        let words = line.split(separator: " ").map(String.init)
        #expect(try FleetctlMain.normalizer.normalized(words) == normalized)
    }

    @Test(arguments: [
        ("lst-units", "unknown command \"lst-units\"; did you mean list-units? fleetctl --help lists the commands"),
        ("frobnicate", "unknown command \"frobnicate\"; fleetctl --help lists the commands"),
        ("list-unit", "\"list-unit\" may be list-unit-files or list-units"),
        ("--debug=maybe list-units", "invalid boolean value \"maybe\" for --debug"),
        ("list-units --full=2", "invalid boolean value \"2\" for --full"),
    ])
    func unknownCommands(command: String, message: String) {
        let words = command.split(separator: " ").map(String.init)
        let error = #expect(throws: FleetctlError.self) { try FleetctlMain.normalizer.normalized(words) }
        #expect(error?.message == message)
    }

    @Test(arguments: [
        ["start", "a", "--no-block"], ["load", "a", "b", "--block-attempts=3", "--replace"], ["submit", "--sign", "a"],
        ["list-units", "-l", "--fields=unit", "--no-legend"], ["list-machines", "--json"],
        ["journal", "-f", "--lines", "5", "a"], ["journal", "--follow", "--sudo", "--ssh-port=22", "a"],
        ["ssh", "-A", "--machine", "m", "uptime", "-p"], ["status", "a", "b"], ["status", "--no-block", "a"], ["start"],
        ["destroy"], ["cat", "a"], ["verify", "a.service"],
        ["destroy", "a@*"], ["stop", "a"], ["unload", "a"], ["restart", "a"],
        ["why", "a", "-l", "--json"], ["events", "-f", "web@*"], ["list-units", "--watch"], ["completion", "bash"],
        ["fd-forward", "/x"], ["verify", "--systemd", "--json", "a.service"], ["list-unit-files", "--json"],
    ])
    func parses(arguments: [String]) throws {
        _ = try Fleetctl.parseAsRoot(FleetctlMain.normalizer.normalized(arguments))
    }

    @Test func theCommandOfSSHIsNotRead() throws {
        let parsed = try Fleetctl.parseAsRoot(["ssh", "-A", "m", "ls", "-l", "--", "x"]) as? MachineSSH
        #expect(parsed?.arguments == ["m", "ls", "-l", "--", "x"])
        #expect(parsed?.forwardAgent == true)
    }

    @Test func settingsComeFromOptionsThenEnvironment() throws {
        let options = try GlobalOptions.parse(["--endpoint", "http://a:1"])
        let settings = try FleetctlSettings(
            options,
            environment: [
                "FLEETCTL_ENDPOINT": "http://b:1", "FLEETCTL_SSH_CONFIG": "/x", "FLEETCTL_REQUEST_TIMEOUT": "1.5",
                "FLEETCTL_STRICT_HOST_KEY_CHECKING": "false", "FLEETCTL_TUNNEL": "",
            ],
        )
        #expect(settings.endpoint == .tcp(scheme: "http", authority: "a:1"))
        #expect(settings.ssh.config == "/x")
        #expect(settings.requestTimeout == 1.5)
        #expect(!settings.ssh.isStrict)
        #expect(settings.tunnel == nil)
        #expect(
            try FleetctlSettings(GlobalOptions.parse([]), environment: [:]).endpoint
                == .unix(path: "/var/run/fleet.sock")
        )
    }

    @Test(arguments: [
        ["FLEETCTL_REQUEST_TIMEOUT": "soon"], ["FLEETCTL_ENDPOINT": "fleet.sock"], ["FLEETCTL_DRIVER": "consul"],
        ["FLEETCTL_DEBUG": "maybe"], ["FLEETCTL_ENDPOINT": "http://a/b"], ["FLEETCTL_ENDPOINT": "unix://x"],
    ])
    func badEnvironment(environment: [String: String]) throws {
        let options = try GlobalOptions.parse([])
        #expect(throws: FleetctlError.self) { try FleetctlSettings(options, environment: environment) }
    }

    /// The original takes the first, and says so.
    @Test func ofSeveralEndpointsTheFirstIsUsed() throws {
        let options = try GlobalOptions.parse(["--endpoint=http://a:1,http://b:1,unix:///x"])
        let settings = try FleetctlSettings(options, environment: [:])
        #expect(settings.endpoint == .tcp(scheme: "http", authority: "a:1"))
        #expect(settings.unusedEndpoints == ["http://b:1", "unix:///x"])
        let etcd = try GlobalOptions.parse(["--driver=etcd", "--endpoint=http://a:1,http://b:1"])
        #expect(try FleetctlSettings(etcd, environment: [:]).unusedEndpoints == [])
    }

    @Test func aPipeIsReadLikeAFile() throws {
        let pipe = try FileDescriptor.pipe()
        try pipe.writeEnd.writeAll("[Service]\n".utf8)
        try pipe.writeEnd.close()
        #expect(try Session.readFile("/dev/fd/\(pipe.readEnd.rawValue)") == "[Service]\n")
        try pipe.readEnd.close()
        let error = #expect(throws: FleetctlError.self) { try Session.readFile("/") }
        #expect(error?.description == "cannot read /: Is a directory")
    }

    @Test func certificatesComeFromOptionsThenEnvironment() throws {
        let options = try GlobalOptions.parse(["--cert-file", "c", "--etcd-keyfile", "k"])
        let settings = try FleetctlSettings(options, environment: ["FLEETCTL_CA_FILE": "a", "FLEETCTL_CERT_FILE": "x"])
        #expect(settings.tls.paths == ["a", "c", "k"])
        #expect(try FleetctlSettings(GlobalOptions.parse([]), environment: [:]).tlsIdentity(forEtcd: false) == nil)
        let error = #expect(throws: FleetctlError.self) { try settings.tlsIdentity(forEtcd: false) }
        #expect(error?.description == "no PEM files to speak TLS with: --ca-file: there is no file a")
    }

    @Test(arguments: [
        (["--cert-file", "c"], false, "--cert-file and --key-file belong together"),
        (["--ca-file", "a"], true, "--cert-file is missing beside the other two"),
    ])
    func certificatesThatAreIncompleteAreAMistake(words: [String], forEtcd: Bool, message: String) throws {
        let settings = try FleetctlSettings(GlobalOptions.parse(words), environment: [:])
        let error = #expect(throws: FleetctlError.self) { try settings.tlsIdentity(forEtcd: forEtcd) }
        #expect(error?.code == .usage)
        #expect(error?.message == message)
    }

    @Test(arguments: HelpTopic.all.map(\.name))
    func topicsFitATerminal(name: String) throws {
        let topic = try #require(HelpTopic.named(name))
        #expect(topic.text.split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(Fleetctl.helpMessage().contains("\n  \(name) "))
        #expect(!FleetctlMain.normalizer.commands.contains(name))
    }

    @Test func topicsMayBeShortened() {
        #expect(HelpTopic.named("diff")?.name == "differences")
        #expect(HelpTopic.named("") == nil)
        #expect(HelpTopic.named("x") == nil)
    }

    /// Every key and every kind of request has its place in the reference.
    @Test func theReferenceIsComplete() throws {
        let units = try #require(HelpTopic.named("units")).text
        for key in XFleetKey.allCases { #expect(units.contains("\(key.rawValue)="), "\(key)") }
    }

    @Test(arguments: CompletionShell.allCases)
    func completions(shell: CompletionShell) {
        let script = Fleetctl.completionScript(for: shell)
        #expect(script.contains("list-unit-files --no-legend --fields unit"))
    }

    @Test func urls() throws {
        let request = FleetRequest(.get, .unit("a@1.service"))
        #expect(
            try FleetEndpoint("unix:///var/run/fleet.sock").url(of: request.target)
                == "http+unix://%2Fvar%2Frun%2Ffleet.sock/fleet/v1/units/a%401.service?alt=json"
        )
        #expect(try FleetEndpoint("http://h:80/").url(of: "/x") == "http://h:80/x")
    }
}
