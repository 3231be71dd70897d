import CloudConfigLinting
import Diagnostics
import Testing

/// What the original let through, and what other readers of a cloud-config ignore or refuse.
@Suite struct LintingTests {
    private func findings(_ body: String, for consumer: Consumer = .coreos) -> [String] {
        consumer.findings(Array("#cloud-config\n\(body)\n".utf8), file: "c").map { finding in
            let place = finding.location.map { "\($0.line):\($0.column)" } ?? "-"
            return "\(place) \(finding.severity.rawValue): \(finding.message)"
        }.filter { !$0.contains("deprecated key") }
    }

    @Test(
        arguments: [
            ("manage_etc_hosts: true", ["2:19 error: manage_etc_hosts cannot be true"]),
            ("manage_etc_hosts: localhost", []),
            ("hostname: core_1", ["2:11 warning: \"core_1\" cannot be a hostname"]),
            ("users: [{groups: [sudo]}]", ["2:9 warning: a user without a name is passed over"]),
            (
                "coreos: {etcd2: {name: a, initial_cluster: 'a=http://10.0.0.1:2380', "
                    + "initial_advertise_peer_urls: 'http://$private_ipv4:2380'}}", []
            ),
            (
                "coreos: {etcd2: {name: '%H', initial_cluster: 'a=http://10.0.0.1:2380', "
                    + "listen_peer_urls: 'http://%H:2380', advertise_client_urls: 'https://%H:2379'}}", []
            ),
            (
                "coreos: {etcd2: {listen_client_urls: 'http://0.0.0.0:2379'}, units: [{name: etcd2.service, drop-ins: "
                    + "[{name: 1.conf, content: \"[Service]\\nEnvironment=ETCD_ADVERTISE_CLIENT_URLS=http://%H:2379\"}]}]}",
                []
            ),
            (
                "coreos: {update: {server: 'http://%Hx/'}}",
                [
                    "2:27 error: coreos.update.server: \"http://%Hx/\" is not a URL it can use: "
                        + "a % in it is not followed by two hexadecimal digits"
                ]
            ),
            (
                "coreos: {etcd2: {name: a, initial_cluster: 'b=http://10.0.0.1:2380'}}",
                ["2:24 error: etcd2 is called \"a\", and initial_cluster has no such member"]
            ),
            (
                "coreos:\n  etcd2:\n    name: a\n    initial_cluster: a=http://10.0.0.1:2380\n"
                    + "    initial-advertise-peer-urls: http://10.0.0.2:2380",
                ["6:34 error: initial_advertise_peer_urls is not what initial_cluster says of \"a\""]
            ),
            (
                "coreos: {etcd2: {name: w, proxy: on, initial_cluster: 'b=http://10.0.0.1:2380', "
                    + "listen_client_urls: 'http://0.0.0.0:2379'}}", []
            ),
            ("coreos: {etcd2: {initial_cluster: 'x'}}", ["2:35 error: initial_cluster: \"x\" is not a member"]),
            (
                "coreos: {etcd2: {initial_cluster: 'x=http://10.0.0.1'}}",
                [
                    "2:35 error: coreos.etcd2.initial_cluster: \"http://10.0.0.1\" is not a URL it can use: "
                        + "etcd wants a port in it, such as :2379"
                ]
            ),
            (
                "coreos: {etcd2: {listen_client_urls: 'http://0.0.0.0:2379'}}",
                ["2:18 error: listen_client_urls without advertise_client_urls"]
            ),
            (
                "coreos: {etcd2: {discovery: 'http://d/x', listen_client_urls: 'http://0.0.0.0:2379'}}",
                ["2:43 warning: listen_client_urls without advertise_client_urls"]
            ),
            (
                "coreos: {etcd2: {initial_cluster_state: fresh}}",
                ["2:41 error: initial_cluster_state cannot be \"fresh\""]
            ),
            ("coreos: {etcd2: {initial_cluster_state: existing}}", []),
            (
                "coreos: {etcd2: {advertise_client_urls: 'http://$private_ipv4:2379,http://$public_ipv4:4001'}}", []
            ),
            (
                "coreos: {etcd2: {listen_peer_urls: 'http://core-01:2380'}}",
                [
                    "2:36 error: coreos.etcd2.listen_peer_urls: \"http://core-01:2380\" is not a URL it can use: "
                        + "to listen, etcd wants an address in it and no name"
                ]
            ),
            (
                "coreos: {etcd2: {discovery: nonsense}}",
                [
                    "2:29 error: coreos.etcd2.discovery: \"nonsense\" is not a URL it can use: "
                        + "it has neither a scheme such as http:// nor a slash at its start"
                ]
            ),
            (
                "coreos: {fleet: {etcd_servers: 'http://a:2379, http://b:2379'}}",
                [
                    "2:32 error: coreos.fleet.etcd_servers: \" http://b:2379\" is not a URL it can use: "
                        + "there is a space before or after it"
                ]
            ),
            ("coreos: {units: [{name: a}]}", ["2:25 error: \"a\" is no unit's name: "]),
            ("coreos: {units: [{name: x.network}, {name: a@1.service}, {name: m.slice}]}", []),
            (
                "coreos: {units: [{name: a.service, drop_ins: [{name: x, content: \"[Service]\\nA=b\\n\"}]}]}",
                ["2:54 warning: the drop-in \"x\" is not read"]
            ),
            ("hostname: a\nhostname: b", ["3:1 warning: duplicate key \"hostname\""]),
        ] as [(String, [String])]
    )
    func whatTheOriginalLetThrough(body: String, expected: [String]) {
        let found = findings(body)
        #expect(found.count == expected.count, "\(found)")
        for (found, expected) in zip(found, expected) { #expect(found.hasPrefix(expected), "\(found)") }
    }

    @Test func unitsAreReadWithTheirPlaces() {
        let found = findings(
            """
            coreos:
              units:
                - name: a.service
                  enable: true
                  content: |
                    [Unit]
                    Description=a

                    [Service]
                    ExecStart=/usr/bin/docker run -d busybox
                    Nonsense
                    [X-Fleet]
                    MachineMetadata=region
                - name: b.service
                  drop_ins:
                    - name: 10-x.conf
                      content: |-

                        [Service
                - name: c.service
                  content: "[Service]\\nNonsense\\n"
            """
        )
        #expect(
            found == [
                "5:7 warning: enable has no effect on a unit without [Install]",
                "11:19 warning: \"docker run -d\" leaves systemd nothing to supervise",
                "12:9 warning: an option is written name=value, but this line has no =",
                "14:25 warning: \"region\" is not key=value, and fleet ignores it",
                "20:13 error: the section name has no closing ]",
                "22:16 warning: an option is written name=value, but this line has no =",
            ],
            "\(found.joined(separator: "\n"))"
        )
    }

    @Test(
        arguments: [
            ("coreos:\n  update:\n    reboot-strategy: off", ["4:5 error: Flatcar ignores \"reboot-strategy\""]),
            (
                "write-files: [{path: /a}]\nusers: [{name: a, no-create-home: true}]",
                ["2:1 error: Flatcar ignores \"write-files\"", "3:19 error: Flatcar ignores \"no-create-home\""]
            ),
            (
                "users: [{name: a, system: 4}]",
                [
                    "2:27 warning: incorrect type for \"system\" (want bool)",
                    "2:27 error: Flatcar refuses the whole file: \"system\" wants bool",
                ]
            ),
            (
                "users: [{name: a, system: yes}]",
                ["2:27 warning: Flatcar's validator does not take this for a boolean"]
            ),
            ("hostname: a.b", ["2:11 warning: Flatcar cuts the hostname to \"a\""]),
            ("coreos: {etcd2: {name: a}}", ["2:10 warning: coreos.etcd2 reaches no service on Flatcar"]),
            ("hostname: a\nhostname: b", ["3:1 error: duplicate key \"hostname\""]),
        ] as [(String, [String])]
    )
    func whatFlatcarIgnoresOrRefuses(body: String, expected: [String]) {
        #expect(findings(body, for: .flatcar) == expected)
    }

    @Test(
        arguments: [
            ("coreos: {}", ["2:1 error: cloud-init knows no \"coreos\": nothing under it has any effect"]),
            ("runcmd: [ls]\npackages: [x]\nusers: [default]", []),
            ("write-files: []", ["2:1 error: cloud-init ignores \"write-files\""]),
            (
                "write_files: [{path: /a, permissions: 0644}]",
                ["2:39 warning: permissions are a text to cloud-init"]
            ),
            (
                "write_files: [{path: /a, permissions: 644}]",
                ["2:39 error: cloud-init reads 644 as a decimal number"]
            ),
            ("users: [default, {name: a, ssh-authorized-keys: [k], no-create-home: true}]", []),
            ("write_files: [{path: /a, permissions: '0644'}]", []),
            ("users: [{name: a}]", ["2:1 warning: cloud-init makes only these users, and not its default one"]),
            (
                "hostname: h\nusers: [default, {name: a, coreos_ssh_import_url: http://x}]",
                ["3:28 error: cloud-init knows no \"coreos_ssh_import_url\""]
            ),
            (
                "write_files: [{path: /a, content: $private_ipv4}]",
                ["2:35 warning: cloud-init leaves $private_ipv4 and its like as they are"]
            ),
        ] as [(String, [String])]
    )
    func whatCloudInitIgnoresOrRefuses(body: String, expected: [String]) {
        #expect(findings(body, for: .cloudInit) == expected)
    }

    @Test func theHeaderIsForEachItsOwn() {
        let found = Consumer.flatcar.findings(Array("hostname: x".utf8), file: "c").map(\.message)
        #expect(found == [##"must be "#cloud-config", multipart mime or begin with "#!""##])
    }
}
