import CloudInit
import Systemd
import TestKit
import Testing

@Suite struct CloudInitTests {
    private let result = "/run/coreos-cloudinit/result.json"

    @Test func filesAreWrittenWhole() async throws {
        let machine = try TestMachine()
        try machine.write("/target", "kept")
        try machine.write("/etc/x", "")
        machine.link("/etc/link", to: "../target")
        let code = try await machine.apply(
            """
            hostname: core-01
            write_files:
              - {path: /a/b/c, content: "ip $private_ipv4", permissions: '4750'}
              - {path: /etc/link, content: new}
            """
        )
        #expect(code == 0, "\(machine.complaints)")
        #expect(machine.read("/a/b/c") == "ip 10.0.0.7")
        #expect(machine.mode("/a/b/c") == 0o4750)
        #expect(machine.read("/target") == "kept")
        #expect(machine.linkTarget("/etc/link") == nil)
        #expect(machine.read("/etc/link") == "new")
        #expect(machine.read("/etc/hostname") == "core-01\n")
        #expect(machine.hostname == "core-01")
        #expect(machine.read(result) == #"{"stage":"done","ok":true,"failed":[],"error":null}"# + "\n")
        #expect(machine.readyCount == 1)
    }

    @Test func aSecondRunChangesNothingAndAsksSystemdNothing() async throws {
        let machine = try TestMachine()
        try machine.write("/etc/group", "sudo:x:27:\n")
        machine.systemd.addUnitFile("a.service")
        let config = """
            hostname: core-01
            ssh_authorized_keys: [k1]
            write_files: [{path: /a, content: x}]
            coreos: {etcd2: {name: a}, units: [{name: a.service, content: "[Service]"}]}
            """
        #expect(try await machine.apply(config) == 0, "\(machine.complaints)")
        #expect(machine.connections == 1)
        let before = ["/a", "/etc/hostname", "/home/core/.ssh/authorized_keys"].map(machine.inode)
        machine.forget()
        _ = try await machine.apply(config)
        #expect(machine.lines == [])
        #expect(machine.programs == [])
        #expect(machine.connections == 0)
        #expect(["/a", "/etc/hostname", "/home/core/.ssh/authorized_keys"].map(machine.inode) == before)
    }

    @Test func keysAreKeptByName() async throws {
        let machine = try TestMachine()
        try machine.write("/etc/passwd", "core:x:500:500::/home/core:/bin/bash\n")
        try machine.write("/home/core/.ssh/authorized_keys", "old")
        #expect(try await machine.apply("ssh_authorized_keys: [' k1 ', k2]", "-ssh-key-name", "mine") == 0)
        #expect(machine.read("/home/core/.ssh/authorized_keys.d/mine") == "k1\nk2\n")
        #expect(machine.read("/home/core/.ssh/authorized_keys")?.hasSuffix("lost.\nk1\nk2\nold\n") == true)
        #expect(machine.mode("/home/core/.ssh/authorized_keys") == 0o600)
        #expect(machine.programs == [])
        #expect(try await machine.apply("ssh_authorized_keys: [k3]", "--ssh-key-name=mine") == 0)
        #expect(machine.read("/home/core/.ssh/authorized_keys")?.hasSuffix("lost.\nk3\nold\n") == true)
    }

    @Test func aLinkInAHomeIsNotFollowed() async throws {
        let machine = try TestMachine()
        try machine.write("/etc/passwd", "core:x:500:500::/home/core:/bin/bash\n")
        try machine.write("/home/core/x", "")
        machine.link("/home/core/.ssh", to: "/etc")
        #expect(try await machine.apply("ssh_authorized_keys: [k1]") == 1)
        #expect(machine.complaints == ["\(machine.root)/user-data:2:1: /home/core/.ssh is not a directory"])
    }

    @Test func usersAreMadeOnceAndTheirPasswordsSet() async throws {
        let machine = try TestMachine()
        try machine.write("/etc/passwd", "old:x:500:500::/home/old:/bin/bash\n")
        try machine.write("/etc/shadow", "old:$6$a:1::::::\n")
        try machine.write("/etc/group", "sudo:x:27:\ndocker:x:102:\n")
        let config = """
            users:
              - {name: elroy, passwd: $6$x, gecos: The Elroy, groups: [sudo, docker], no_create_home: true, shell: /bin/sh}
              - {name: old, passwd: $6$b}
              - {name: old, passwd: $6$a}
            """
        #expect(try await machine.apply(config) == 0)
        #expect(
            machine.programs == [
                "useradd --password $6$x --comment The Elroy --no-create-home --groups sudo,docker --shell /bin/sh -- elroy",
                "chpasswd -e < old:$6$b",
            ]
        )
    }

    /// useradd refuses a user with a group that is not there, and one whose own group is there already.
    @Test func groupsThatAreMissingLeaveNoUserOut() async throws {
        let machine = try TestMachine()
        try machine.write("/etc/passwd", "old:x:500:500::/home/old:/bin/bash\n")
        try machine.write("/etc/group", "sudo:x:27:\netcd:x:103:\n")
        let config = """
            users:
              - {name: ann, groups: [wheel, sudo, rkt], primary_group: portage, ssh_authorized_keys: [k1]}
              - {name: etcd, groups: [sudo]}
              - {name: old, groups: [wheel, sudo]}
              - {name: bob, no_user_group: true, primary_group: "100"}
            """
        #expect(try await machine.apply(config) == 1)
        #expect(
            machine.programs == [
                "useradd --password * --create-home --groups sudo -- ann",
                "useradd --password * --create-home --gid etcd --groups sudo -- etcd",
                "useradd --password * --create-home --gid 100 --no-user-group -- bob",
            ]
        )
        #expect(
            machine.complaints.joined().contains(#"there is no group "wheel", "rkt", "portage" to put user ann into"#)
        )
        #expect(machine.read("/home/ann/.ssh/authorized_keys")?.contains("k1") == true)
    }

    /// Left over from a template: `{{ name }}` is a mapping with a mapping for its key.
    @Test func aPlaceholderKeepsNothingElseFromBeingApplied() async throws {
        let machine = try TestMachine()
        let config = """
            hostname: {{ name }}
            ssh_authorized_keys: [{{ key }}, k1]
            write_files: [{path: /a, content: x}, {path: {{ path }}, content: y}]
            coreos: {fleet: {metadata: {{ data }}}}
            """
        #expect(try await machine.apply(config) == 1)
        #expect(machine.read("/a") == "x")
        #expect(machine.hostname == "localhost")
        #expect(machine.complaints.joined().contains("user-data:2:12: error: a key must be a word"))
    }

    @Test func aByteOrderMarkIsNoText() async throws {
        let machine = try TestMachine()
        try machine.write("/u", "\u{FEFF}#cloud-config\r\nwrite_files: [{path: /a, content: x}]\r\n")
        #expect(await machine.run(["-from-file=\(machine.root)/u"]) == 0, "\(machine.complaints)")
        #expect(machine.read("/a") == "x")
    }

    @Test func unitsAreMaskedUnmaskedEnabledAndStarted() async throws {
        let machine = try TestMachine()
        for unit in ["docker.service", "web.socket", "web.service"] { machine.systemd.addUnitFile(unit) }
        try machine.write("/etc/systemd/system/gone.service", "[Service]\n")
        try machine.write("/run/systemd/system/web.socket", "")
        machine.systemd.script(.start, "docker.service", .result(.failed))
        let code = try await machine.apply(
            """
            coreos:
              update: {reboot_strategy: off}
              units:
                - {name: docker.service, command: start, drop_ins: [{name: 1.conf, content: "[Service]"}]}
                - {name: gone.service, mask: true}
                - {name: web.socket, runtime: true, enable: true, command: start}
            """
        )
        #expect(code == 0, "\(machine.complaints)")
        #expect(machine.read("/etc/systemd/system/docker.service.d/1.conf") == "[Service]")
        #expect(machine.linkTarget("/etc/systemd/system/gone.service") == "/dev/null")
        #expect(machine.linkTarget("/run/systemd/system/locksmithd.service") == "/dev/null")
        #expect(machine.mode("/run/systemd/system/web.socket") == nil)
        #expect(machine.systemd.calls.contains(.enable("web.socket")))
        #expect(
            machine.systemd.calls.suffix(3) == [
                .job(.start, "docker.service"), .job(.start, "web.socket"), .job(.stop, "locksmithd.service"),
            ]
        )
        #expect(machine.read(result)?.contains(#""ok":true,"failed":["start docker.service: failed"]"#) == true)
    }

    @Test func aUnitThatIsNotThereKeepsNoOtherFromStarting() async throws {
        let machine = try TestMachine()
        machine.systemd.addUnitFile("b.service")
        let code = try await machine.apply(
            "coreos: {units: [{name: a.service, command: start}, {name: b.service, command: start}]}"
        )
        #expect(code == 1)
        #expect(machine.systemd.calls.contains(.job(.start, "b.service")))
        #expect(machine.read(result)?.contains(#""stage":"done","ok":false"#) == true)
        #expect(machine.readyCount == 1)
    }

    @Test func aWrongValueIsToldAndTheRestApplies() async throws {
        let machine = try TestMachine()
        #expect(try await machine.apply("manage_etc_hosts: x\nwrite_files: [{path: /a, content: x}]") == 1)
        #expect(machine.read("/a") == "x")
        #expect(machine.complaints.first?.contains("user-data:2:19: error: invalid value \"x\"") == true)
        #expect(machine.read(result)?.hasPrefix(#"{"stage":"files","ok":false,"#) == true)
        #expect(machine.readyCount == 1)
        #expect(try await machine.apply("manage_etc_hosts: x", "-ignore-failure") == 0)
    }

    @Test func whatHasAWrongTypeIsLeftOut() async throws {
        let machine = try TestMachine()
        let config = """
            hostname: [x]
            ssh_authorized_keys: k
            write_files: [{path: /a, content: x}, 3]
            coreos: {etcd2: {debug: 'true', max_wals: 2.7, snapshot_count: '9', name: yes}}
            """
        #expect(try await machine.apply(config) == 0, "\(machine.complaints)")
        #expect(machine.read("/a") == "x")
        #expect(machine.hostname == "localhost")
        let dropIn = machine.read("/run/systemd/system/etcd2.service.d/20-cloudinit.conf")
        #expect(dropIn == "[Service]\nEnvironment=\"ETCD_MAX_WALS=2\"\nEnvironment=\"ETCD_NAME=yes\"\n")
        #expect(machine.lines.first?.contains("user-data:2:11: warning: expected text for \"hostname\"") == true)
    }

    @Test func aConfigDriveHasMetadata() async throws {
        let machine = try TestMachine()
        let directory = "/drive/openstack/latest"
        try machine.write(
            "\(directory)/meta_data.json",
            #"{"hostname": "m", "public_keys": {"a": "k1\n"}, "uuid": null}"#
        )
        #expect(await machine.run(["-from-configdrive", "\(machine.root)/drive"]) == 0, "\(machine.complaints)")
        #expect(machine.hostname == "m")
        #expect(machine.read("/home/core/.ssh/authorized_keys")?.hasSuffix("\nk1\n") == true)
        try machine.write("\(directory)/user_data", "#cloud-config\nhostname: u\n")
        #expect(await machine.run(["--from-configdrive=\(machine.root)/drive"]) == 0)
        #expect(machine.hostname == "u")
    }

    @Test func updateConfIsMadeWhereThereIsNone() async throws {
        let machine = try TestMachine()
        #expect(try await machine.apply("coreos: {update: {server: 'https://x', group: beta}}") == 0)
        #expect(machine.read("/etc/coreos/update.conf") == "GROUP=beta\nSERVER=https://x\n")
        try machine.write("/etc/coreos/update.conf", "A=1\nGROUP=x\nGROUP=y\n")
        #expect(try await machine.apply("coreos: {update: {group: beta}}") == 0)
        #expect(machine.read("/etc/coreos/update.conf") == "A=1\nGROUP=beta\nGROUP=y\n")
    }

    @Test func aScriptBecomesAService() async throws {
        let machine = try TestMachine()
        try machine.write("/script", "#!/bin/sh\necho hi\n")
        _ = await machine.run(["-from-file=\(machine.root)/script", "-workspace=/w"])
        let unit = try #require(machine.read("/w/scripts/unit-name"))
        let text = try #require(machine.read("/run/systemd/system/\(unit)"))
        let path = String(try #require(text.split { $0 == " " || $0 == "\n" }.last))
        #expect(machine.read(path) == "#!/bin/sh\necho hi\n")
        #expect(machine.mode(path) == 0o744)
        #expect(machine.systemd.calls.contains(.job(.start, unit)))
    }

    @Test(
        arguments: [
            ([], 2), (["-frob"], 2), (["x"], 2), (["-from-file"], 2), (["-version"], 0),
            (["-from-file=/nonexistent"], 1),
            (["-ssh-key-name=../x", "-from-file=/x"], 2), (["-validate=perhaps"], 2), (["-oem=gce"], 2),
            (["-oem=x"], 2), (["-convert-netconf=debian", "-from-file=/x"], 2), (["-from-waagent=/x"], 2),
            (["-from-url=ftp://x/"], 1),
        ] as [([String], Int32)]
    )
    func commandLines(arguments: [String], code: Int32) async throws {
        let machine = try TestMachine()
        #expect(await machine.run(arguments) == code)
    }

    @Test func validationSaysEachFindingOnALine() async throws {
        let machine = try TestMachine()
        #expect(try await machine.apply("hostnam: x\nwrite_files: [{path: /a, permissions: '9'}]", "-validate") == 1)
        #expect(
            machine.complaints.map { $0.drop { $0 != "l" } } == [
                #"line 2: warning: unrecognized key "hostnam""#,
                "line 3: error: invalid value 9",
            ]
        )
        machine.forget()
        #expect(try await machine.apply("hostname: x", "-validate") == 0)
        #expect(machine.hostname == "localhost")
        #expect(machine.complaints == [])
    }
}
