import CloudConfig
import Systemd
import TestKit
import Testing

@testable import CloudInit

/// What leaves a cloud-config leaves the machine, as far as it came by the config.
@Suite struct TakingBackTests {
    private static let open = """
        coreos:
          units:
            - name: docker-tcp.socket
              enable: true
              command: start
              content: "[Socket]\\nListenStream=2375\\n"
            - name: fleet.socket
              command: start
              drop_ins: [{name: 30-tcp.conf, content: "[Socket]\\nListenStream=49153\\n"}]
            - {name: old.service, mask: true}
        write_files: [{path: /etc/extra, content: hello, permissions: "0600"}]
        """
    private static let closed = """
        coreos:
          units:
            - {name: fleet.socket, command: start}
        """
    private static let socket = "/etc/systemd/system/docker-tcp.socket"
    private static let dropIn = "/etc/systemd/system/fleet.socket.d/30-tcp.conf"

    private func machine() throws -> TestMachine {
        let machine = try TestMachine()
        for unit in ["docker-tcp.socket", "fleet.socket", "docker.service", "fleet.service"] {
            machine.systemd.addUnitFile(unit)
            machine.systemd.setProperty("Triggers", of: unit, .strings([]))
        }
        machine.systemd.setProperty("Triggers", of: "docker-tcp.socket", .strings(["docker.service"]))
        machine.systemd.setProperty("Triggers", of: "fleet.socket", .strings(["fleet.service"]))
        return machine
    }

    // MARK: Ports, units, files

    @Test func portsClose() async throws {
        let machine = try machine()
        #expect(try await machine.apply(Self.open) == 0)
        machine.systemd.setState("docker.service", active: "active", sub: "running")
        machine.systemd.setState("fleet.service", active: "active", sub: "running")
        machine.systemd.forgetCalls()
        #expect(try await machine.apply(Self.closed) == 0)
        let calls = machine.systemd.calls
        #expect(
            calls.contains(.job(.stop, "docker-tcp.socket"))
                && calls.contains(.disable("docker-tcp.socket"))
        )
        // Who was given the port by a socket holds it until it is started anew, without it.
        #expect(calls.contains(.job(.tryRestart, "docker.service")))
        let reload = try #require(calls.firstIndex(of: .daemonReload))
        let restarts: [FakeSystemd.Call] = [
            .job(.stop, "fleet.service"), .job(.restart, "fleet.socket"), .job(.start, "fleet.service"),
        ]
        #expect(calls[reload...].filter(restarts.contains) == restarts, "\(calls)")
        for path in [Self.socket, Self.dropIn, "/etc/extra", "/etc/systemd/system/old.service"] {
            #expect(machine.read(path) == nil && machine.linkTarget(path) == nil, "\(path)")
        }
        machine.systemd.forgetCalls()
        #expect(try await machine.apply(Self.closed) == 0)
        #expect(machine.systemd.calls == [.job(.start, "fleet.socket")])
    }

    @Test func whatSomebodyChangedStays() async throws {
        let machine = try machine()
        #expect(try await machine.apply(Self.open) == 0)
        try machine.write("/etc/extra", "mine now")
        try machine.write(Self.socket, "[Socket]\nListenStream=1\n")
        #expect(try await machine.apply(Self.closed) == 0)
        #expect(machine.read("/etc/extra") == "mine now")
        #expect(machine.read(Self.socket)?.contains("ListenStream=1") == true)
        #expect(machine.lines.contains("/etc/extra was changed since it was written, and stays"))
    }

    @Test func whatWasThereBeforeComesBack() async throws {
        let machine = try machine()
        try machine.write("/etc/sshd_config", "the distribution's\n")
        let file = "write_files: [{path: /etc/sshd_config, content: ours, permissions: \"0600\"}]"
        #expect(try await machine.apply(file) == 0)
        #expect(try await machine.apply(file) == 0)
        #expect(machine.read("/etc/sshd_config") == "ours")
        #expect(try await machine.apply("hostname: h") == 0)
        #expect(machine.read("/etc/sshd_config") == "the distribution's\n")
        #expect(machine.mode("/etc/sshd_config") == 0o644)
    }

    /// A config that somebody applies beside the machine's own takes nothing of it away.
    @Test func otherSourcesAreLeftAlone() async throws {
        let machine = try machine()
        #expect(try await machine.apply(Self.open) == 0)
        try machine.write("/other", "#cloud-config\nwrite_files: [{path: /etc/other, content: x}]\n")
        let other = ["-from-file=\(machine.root)/other"]
        #expect(await machine.run(other) == 0)
        #expect(machine.read("/etc/extra") == "hello" && machine.read(Self.socket) != nil)
        try machine.write("/other", "#cloud-config\nhostname: h\n")
        #expect(await machine.run(other) == 0)
        #expect(machine.read("/etc/other") == nil)
        #expect(machine.read("/etc/extra") == "hello" && machine.read(Self.socket) != nil)
    }

    /// A run that failed in the middle is forgotten neither by itself nor for what was before it.
    @Test func aRunThatFailsLosesNothingOfTheRecord() async throws {
        let machine = try machine()
        #expect(try await machine.apply(Self.open) == 0)
        try machine.write("/dir/kept", "")
        let broken = "write_files: [{path: /etc/second, content: x}, {path: /dir, content: x}]"
        #expect(try await machine.apply(broken) == 1)
        #expect(try await machine.apply(Self.closed) == 0)
        for path in ["/etc/extra", "/etc/second", Self.socket] {
            #expect(machine.read(path) == nil, "\(path)")
        }
    }

    /// What is no cloud-config says nothing of what is wanted.
    @Test(arguments: ["", "#!/bin/sh\ntrue\n"])
    func otherUserDataTakesNothingBack(text: String) async throws {
        let machine = try machine()
        #expect(try await machine.apply(Self.open) == 0)
        try machine.write("/user-data", text)
        _ = await machine.run(["-from-file=\(machine.root)/user-data"])
        #expect(machine.read("/etc/extra") == "hello" && machine.read(Self.socket) != nil)
    }

    /// A machine that a version without records set up: only the known ports close.
    @Test func unrecordedPortsClose() async throws {
        let machine = try machine()
        let content = "[Socket]\nListenStream=10.0.0.1:2375\nFreeBind=true\n"
        try machine.write(Self.socket, content)
        try machine.write(Self.dropIn, "[Socket]\nListenStream=9\n")
        try machine.write("/etc/extra", "hello")
        machine.systemd.setState("docker-tcp.socket", active: "active", sub: "listening")
        try machine.write("/drive/openstack/latest/user_data", "#cloud-config\n\(Self.closed)\n")
        try machine.write("/drive/openstack/latest/meta_data.json", "{}")
        #expect(await machine.run(["-from-configdrive=\(machine.root)/drive"]) == 0)
        #expect(machine.read(Self.socket) == nil)
        #expect(machine.systemd.calls.contains(.job(.stop, "docker-tcp.socket")))
        // Not as Slipway writes it.
        #expect(machine.read(Self.dropIn) != nil)
        #expect(machine.read("/etc/extra") == "hello")
    }

    // MARK: People

    private func keys(_ machine: TestMachine, of user: String) -> [String] {
        (machine.read("/home/\(user)/.ssh/authorized_keys") ?? "").split(separator: "\n").map(
            String.init
        )
        .filter { !$0.hasPrefix("#") }
    }

    @Test func peopleLoseWhatLeavesTheConfig() async throws {
        let machine = try TestMachine()
        func users(_ fields: String) -> String { "users: [{name: ann\(fields)}]" }
        try machine.write("/etc/group", "sudo:x:27:\ndocker:x:102:bob\n")
        #expect(
            try await machine.apply(users(", groups: [sudo, docker], ssh_authorized_keys: [k1]")) == 0
        )
        #expect(keys(machine, of: "ann") == ["k1"])
        try machine.write("/etc/group", "sudo:x:27:ann\ndocker:x:102:bob,ann\nwheel:x:1:ann\n")
        machine.forget()

        #expect(try await machine.apply(users(", groups: [docker]")) == 0)
        #expect(keys(machine, of: "ann") == [])
        #expect(machine.programs == ["gpasswd --delete ann sudo"])
        try machine.write("/etc/group", "sudo:x:27:\ndocker:x:102:bob,ann\nwheel:x:1:ann\n")
        machine.forget()

        #expect(try await machine.apply("hostname: h") == 0)
        #expect(
            machine.programs == ["gpasswd --delete ann docker", "usermod --lock --expiredate 1 -- ann"]
        )
        try machine.write("/etc/group", "sudo:x:27:\ndocker:x:102:bob\nwheel:x:1:ann\n")
        machine.forget()

        // Once is enough, and the home directory stays.
        #expect(try await machine.apply("hostname: h") == 0)
        #expect(machine.programs == [])
        #expect(machine.read("/home/ann/.ssh/authorized_keys") != nil)

        #expect(try await machine.apply(users(", groups: [sudo], ssh_authorized_keys: [k2]")) == 0)
        #expect(
            machine.programs == [
                "usermod --unlock --expiredate  -- ann", "usermod --append --groups sudo -- ann",
            ]
        )
        #expect(keys(machine, of: "ann") == ["k2"])
    }

    /// Keys that came by another way are not the config's to take.
    @Test func otherKeysStay() async throws {
        let machine = try TestMachine()
        try machine.write("/etc/passwd", "ann:x:1000:1000::/home/ann:/bin/bash\n")
        try machine.write("/home/ann/.ssh/authorized_keys", "own\n")
        #expect(try await machine.apply("users: [{name: ann, ssh_authorized_keys: [k1]}]") == 0)
        #expect(keys(machine, of: "ann") == ["k1", "own"])
        machine.forget()
        #expect(try await machine.apply("hostname: h") == 0)
        #expect(keys(machine, of: "ann") == ["own"])
        // This program did not make her.
        #expect(machine.programs == [])
    }

    // MARK: The record

    @Test func aRecordIsReadAsItWasWritten() throws {
        let print = AppliedManifest.Fingerprint([1, 2, 3], mode: 0o4755)
        let manifest = AppliedManifest([
            .file(path: "/a b\tc\nd%09", print), .unitFile(path: "/u", print),
            .networkUnit(path: "/n", print),
            .mask(path: "/m"), .enabled(unit: "e@1.service"), .started(unit: "s"),
            .keys(user: "u", name: "n"),
            .user("u"), .lockedUser("l"), .group(user: "u", name: "g"),
        ])
        #expect(AppliedManifest(text: manifest.text) == manifest)
        #expect(
            AppliedManifest(text: "coreos-cloudinit applied 1\nsomething\tnew\nuser\tu\n")?.items == [
                .user("u")
            ]
        )
        for text in [
            "", "coreos-cloudinit applied 2\n", "coreos-cloudinit applied 1\nuser\tu", "user\tu\n",
        ] {
            #expect(AppliedManifest(text: text) == nil, "\(text)")
        }
    }

    @Test func aRecordOfAnotherVersionTakesNothingBack() async throws {
        let machine = try machine()
        #expect(try await machine.apply(Self.open) == 0)
        let directory = "/var/lib/coreos-cloudinit/applied"
        let name = try #require(machine.names(in: directory).first)
        #expect(machine.mode("\(directory)/\(name)") == 0o600)
        try machine.write("\(directory)/\(name)", "coreos-cloudinit applied 9\n")
        #expect(try await machine.apply(Self.closed) == 0)
        #expect(machine.read("/etc/extra") == "hello")
        #expect(machine.read("\(directory)/\(name)") == "coreos-cloudinit applied 9\n")
    }

    @Test func thePlanSaysWhatGoes() {
        let file = CloudConfig.File(path: "/etc/extra", content: "x")
        let unit = CloudConfig.Unit(
            name: "a.service",
            enable: true,
            content: "[Service]\n",
            command: .start
        )
        func plan(_ config: CloudConfig) -> SetupPlan { SetupPlan(config, hostname: "h") }
        let first = plan(CloudConfig(writeFiles: [file], coreos: CoreOS(units: [unit])))
            .takingBack(.init(applied: .init()))
        #expect(first.plan == plan(CloudConfig(writeFiles: [file], coreos: CoreOS(units: [unit]))))
        let print = AppliedManifest.Fingerprint(Array("x".utf8), mode: 0o644)
        #expect(first.applied.items.contains(.file(path: "/etc/extra", print)))
        let second = plan(
            CloudConfig(coreos: CoreOS(units: [CloudConfig.Unit(name: "a.service", enable: true)]))
        )
        .takingBack(.init(applied: first.applied))
        let back = second.plan.preparation.compactMap {
            if case .takeBack(let item) = $0 { item } else { nil }
        }
        #expect(back.map(\.subject) == ["path /etc/systemd/system/a.service", "path /etc/extra"])
        // Still enabled, and so still named: it runs on.
        #expect(!back.contains(.started(unit: "a.service")))
    }
}
