import CloudConfig
import CloudConfigLoading
import Diagnostics
import Testing

@Suite struct CloudConfigLoaderTests {
    private func load(_ body: String) -> (config: CloudConfig, report: String) {
        let (config, diagnostics) = CloudConfigLoader.load("#cloud-config\n" + body, file: "c")
        return (config, DiagnosticRenderer().render(diagnostics))
    }

    @Test func theArticlesConfigLoads() {
        let (config, report) = load(
            """
            hostname: core-01
            coreos:
              update:
                reboot-strategy: off
              etcd2:
                name: core-01
                initial-advertise-peer-urls: http://127.0.0.1:2380
                listen-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001
                proxy: on
              units:
                - name: etcd2.service
                  command: start
                - name: docker.service
                  command: start
                  drop-ins:
                    - name: 50-insecure-registry.conf
                      content: |
                        [Unit]
                        [Service]
                        Environment=DOCKER_OPTS='--insecure-registry="0.0.0.0/0"'
            write-files:
              - path: /etc/conf.d/nfs
                permissions: '0644'
                content: |
                  OPTS_RPC_MOUNTD=""
            ssh_authorized_keys:
              - ssh-rsa 121313dqx1e123e12… user@my_mac
            """
        )
        #expect(report == "")
        #expect(config.coreos.update[.rebootStrategy] == "off")
        #expect(config.coreos.etcd2[.proxy] == "on")
        #expect(config.coreos.units.map(\.name) == ["etcd2.service", "docker.service"])
        #expect(config.coreos.units.last?.dropIns.first?.name == "50-insecure-registry.conf")
        #expect(config.writeFiles.first?.content == "OPTS_RPC_MOUNTD=\"\"\n")
        #expect(config.sshAuthorizedKeys == ["ssh-rsa 121313dqx1e123e12… user@my_mac"])
    }

    @Test func everyMistakeIsReported() {
        let (_, report) = load(
            """
            hostnam: x
            coreos:
              etcd2:
                debug: 'true'
                heartbeat_interval: fast
                proxy: readwrite
                ca_file: /x
              units:
                - command: start
                - name: a.service
                  command: launch
                  dropins: []
              locksmith:
                window_start: 25:00
            write_files:
              - path: /x
                encoding: base64
                content: "%%%"
              - path: /y
                permissions: 64
            manage_etc_hosts: true
            users: core
            """
        )
        #expect(
            report == """
                c:2:1: warning: unknown key "hostnam" in a cloud-config
                    note: did you mean "hostname"?
                c:5:12: error: expected true or false for "debug", found the text "true"
                c:6:25: error: expected a whole number for "heartbeat_interval", found the text "fast"
                c:7:12: error: invalid value "readwrite" for "proxy"
                    note: valid: on, off, readonly
                c:8:5: warning: deprecated key "ca_file" (ca_file obsoleted by trusted_ca_file and client_cert_auth)
                c:10:7: error: a unit needs "name"
                c:12:16: error: invalid value "launch" for "command"
                    note: valid: start, stop, restart, reload, try-restart, reload-or-restart, reload-or-try-restart
                c:13:7: warning: unknown key "dropins" in a unit
                    note: did you mean "drop_ins"?
                c:15:19: error: invalid value "25:00" for "window_start"
                    note: valid: a time of day with or without a weekday, such as "Thu 04:00"
                c:19:14: error: content cannot be decoded as "base64"
                    note: not base64: "%" is not a character of base64
                c:21:18: error: invalid value "64" for "permissions"
                    note: valid: three or four octal digits, such as 0644
                c:22:19: error: invalid value "true" for "manage_etc_hosts"
                    note: the only value is localhost
                c:23:8: error: expected a list for "users", found the text "core"

                """
        )
    }

    @Test func bothSpellingsOfAListAreJoined() {
        let (config, report) = load("write-files: [{path: /a}]\nwrite_files: [{path: /b}]\n")
        #expect(config.writeFiles.map(\.path) == ["/a", "/b"])
        #expect(report == "")
    }

    @Test func listsAndSectionsThatComeTwiceAreJoined() {
        let (config, report) = load(
            """
            hostname: x
            ssh_authorized_keys: [k1]
            coreos:
              etcd2: {name: a, debug: true}
              units:
                - name: a.service
                  drop-ins: [{name: 1.conf, content: x}]
                  drop_ins: [{name: 2.conf, content: x}]
                  drop-ins: [{name: 3.conf, content: x}]
            coreos:
              etcd2: {name: b}
              units: [{name: b.service}]
              units:
            ssh_authorized_keys: [k2]
            users: [{name: guest, groups: [sudo], groups: [docker]}]
            users: [{name: other}]
            write_files: [{path: /a}]
            write_files: [{path: /b}]
            hostname: y
            """
        )
        #expect(config.users.map(\.name) == ["guest", "other"])
        #expect(config.users.first?.groups == ["sudo", "docker"])
        #expect(config.coreos.units.map(\.name) == ["a.service", "b.service"])
        #expect(config.coreos.units.first?.dropIns.map(\.name).sorted() == ["1.conf", "2.conf", "3.conf"])
        #expect(config.coreos.etcd2 == [.name: "b", .debug: true])
        #expect(config.writeFiles.map(\.path) == ["/a", "/b"])
        #expect(config.sshAuthorizedKeys == ["k1", "k2"])
        #expect(config.hostname == "y")
        #expect(report.contains("warning: duplicate key \"users\""))
        #expect(report.contains("both are read"))
    }

    /// A machine comes up with what is right.
    @Test func whatIsFlawedIsLeftOut() throws {
        let (found, diagnostics) = CloudConfigLoader.usable(
            """
            #cloud-config
            manage_etc_hosts: true
            users: [{groups: [sudo]}, {name: guest}]
            write_files:
              - {path: /a, permissions: "64", content: x}
              - {path: /b, permissions: rwx, content: x}
              - {path: /c, encoding: zip, content: x}
              - {content: x}
            coreos:
              update: {reboot_strategy: best-effort}
              etcd2: {proxy: perhaps, name: a}
              units:
                - {command: start}
                - {name: a.service, command: mask, content: "[Service]"}
                - {name: b.service, drop_ins: [{path: 1.conf, content: x}, {name: 2.conf, content: x}]}
            """,
            file: "c",
        )
        let config = try #require(found)
        #expect(config.users.map(\.name) == ["guest"])
        #expect(config.writeFiles.map(\.path) == ["/a"])
        #expect(config.writeFiles.first?.mode == 0o064)
        #expect(config.coreos.update == [.rebootStrategy: "best-effort"])
        #expect(config.coreos.etcd2 == [.name: "a"])
        #expect(config.coreos.units.map(\.name) == ["a.service", "b.service"])
        #expect(config.coreos.units.map(\.command) == [nil, nil])
        #expect(config.coreos.units.last?.dropIns.map(\.name) == ["2.conf"])
        #expect(diagnostics.filter { $0.severity == .error }.compactMap(\.location?.line) == [2, 6, 7, 8, 11, 14])
        #expect(CloudConfigLoader.usable("#cloud-config\nhostname: [", file: "c").config == nil)
        #expect(CloudConfigLoader.usable("hostname: x", file: "c").config == nil)
    }

    @Test func keysWithoutValueAreAbsent() {
        let (config, report) = load("hostname:\ncoreos:\n")
        #expect(config == CloudConfig())
        #expect(
            report == """
                c:2:1: warning: "hostname" has no value and is not read
                c:3:1: warning: "coreos" has no value and is not read

                """
        )
    }

    @Test func binaryIsUnpackedFirst() throws {
        let (config, report) = load(
            """
            write_files:
              - {path: /a, content: !!binary aGVsbG8=}
              - {path: /b, content: !!binary /w==}
              - path: /c
                encoding: gzip
                content: !!binary |
                  H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==
            """
        )
        #expect(report == "")
        #expect(config.writeFiles.map(\.encoding) == [nil, .base64, .gzipBase64])
        let contents = try config.writeFiles.map { try $0.decoded() }
        #expect(contents == [Array("hello".utf8), [255], Array("hello".utf8)])
    }

    @Test(arguments: [
        "", " #cloud-config\n", "#cloud-config v1\n", "#Cloud-config\n", "\n#cloud-config\n",
    ])
    func theHeaderIsExact(text: String) {
        #expect(CloudConfigLoader.load(text, file: "c").diagnostics.hasErrors)
    }

    @Test(
        arguments: [
            ("#cloud-config", .cloudConfig), ("\u{FEFF}#cloud-config\r\n", .cloudConfig),
            ("#cloud-config \t\r\nhostname: x", .cloudConfig), ("#!", .script),
            ("", .empty),
            ("\u{1F}", .unknown), ("{\"ignitionVersion\": 1}", .ignition), ("{\"ignition\": {}}", .unknown),
            (" {\"ignition\": {\"version\": \"3.3.0\"}, \"x\": [true, null]}", .ignition), ("hostname: x", .unknown),
        ] as [(String, UserDataKind)]
    )
    func theKindIsToldByTheFirstBytes(text: String, kind: UserDataKind) {
        #expect(UserDataKind(Array(text.utf8)) == kind)
    }
}
