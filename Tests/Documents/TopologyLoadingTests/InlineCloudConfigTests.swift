import CloudConfig
import Diagnostics
import Testing
import TopologyLoading
import TopologyModel

@Suite struct InlineCloudConfigTests {
    @Test func isReadForAllNodesAndForARole() throws {
        let topology = try Fixture.load(
            """
            name: demo
            cloud_config:
              write_files:
                - {path: /etc/motd, permissions: "0644", content: hello}
            roles:
              core:
                etcd: member
                cloud_config: {coreos: {update: {reboot-strategy: "off"}}}
            """
        ).checked()
        #expect(topology.cloudConfig.writeFiles.map(\.path) == ["/etc/motd"])
        #expect(topology.roles[0].cloudConfig.writeFiles == [])
        #expect(!topology.roles[0].cloudConfig.isEmpty)
    }

    @Test(arguments: [
        ("{write_flies: []}", "16+11 error: unknown key \"write_flies\" in a cloud-config"),
        ("{users: core}", "23+4 error: expected a list for \"users\", found the text \"core\""),
        ("{hostname: x}", "16+8 error: hostname is not for a topology to set"),
        ("{coreos: {fleet: {metadata: a=b}}}", "33+8 error: coreos.fleet.metadata is not for a topology to set"),
        (
            "{coreos: {etcd2: {initial-cluster: x}}}",
            "33+15 error: coreos.etcd2.initial_cluster is not for a topology to set"
        ),
        ("[]", "15+1 error: expected a mapping for a cloud-config, found a list"),
    ])
    func mistakesPointIntoTheTopology(config: String, message: String) {
        let report = Fixture.report(Fixture.topology(settings: "cloud_config: \(config)")).filter {
            !$0.hasPrefix("  ")
        }
        #expect(report == ["a.yaml:2:\(message)"])
    }

    /// Nearly every CoreOS cluster's file says of a machine's address what it is.
    @Test(arguments: ["$private_ipv4", "$public_ipv4"]) func theNodesAddressMayBeSaid(address: String) {
        let config = "cloud_config: {coreos: {fleet: {public-ip: \(address)}}}"
        #expect(Fixture.report(Fixture.topology(settings: config)) == [])
        let other = "cloud_config: {coreos: {fleet: {public-ip: 10.0.0.1}}}"
        #expect(Fixture.report(Fixture.topology(settings: other)).first?.contains("not for a topology to set") == true)
    }

    @Test(arguments: [
        ("{name: etcd2.service, mask: true}", "masks etcd2.service"),
        ("{name: etcd2.service, mask: yes}", "masks etcd2.service"),
        ("{name: fleet.service, command: stop}", "stops fleet.service"),
        ("{name: fleet.service, content: \"[Service]\\nExecStart=/usr/bin/fleet\"}", "replaces fleet.service"),
        ("{name: fleet.service, drop-ins: [{name: a.conf, content: \"[Service]\"}]}", nil),
        ("{name: etcd2.service, command: start}", nil),
        ("{name: docker.service, mask: true}", nil),
    ])
    func aNodesOwnUnitsStay(unit: String, message: String?) {
        func report(_ text: String) -> [String] {
            Fixture.report(text).filter { !$0.hasPrefix("  ") && $0.contains(" error: ") }
        }
        let expected = message.map { ["a.yaml:6:16+13 error: this \($0), which nodes of role \"core\" need"] } ?? []
        let config = "cloud_config:\n  coreos:\n    units:\n      - \(unit)\n"
        #expect(report("name: a\nroles: {core: {etcd: member}}\n\(config)") == expected)
        // A role without etcd has neither.
        let inRole = "cloud_config: {coreos: {units: [\(unit)]}}"
        #expect(report("name: a\nroles: {core: {etcd: member}, idle: {etcd: none, \(inRole)}}") == [])
    }

    @Test func etcdOfVersion1IsNotRun() {
        let report = Fixture.report(Fixture.topology(settings: "cloud_config: {coreos: {etcd: {discovery: x}}}"))
        #expect(report.first == "a.yaml:2:25+4 warning: coreos.etcd is for etcd of version 1, which no node runs")
    }

    /// The rules for a cloud-config of its own hold for one inside a topology.
    @Test func unitsAndURLsAreChecked() throws {
        let loaded = Fixture.load(
            """
            name: demo
            roles:
              core:
                etcd: member
                cloud_config:
                  coreos:
                    locksmith: {endpoint: "10.0.0.1:2379"}
                    etcd2: {listen_client_urls: "http://0.0.0.0:2379"}
                    units:
                      - {name: etcd2, command: stop}
                      - name: broken.service
                        enable: true
                        content: |
                          [Service]
                          Type=oneshot
                      - name: docker.service
                        drop_ins: [{name: 10-nosuffix, content: "[Service]"}]
                  write_files:
                    - {path: /etc/x, content: "$private_ipv4 $private_ipv6"}
            """
        )
        let found = loaded.diagnostics.map { "\($0.location?.line ?? 0) \($0.severity.rawValue): \($0.message)" }
        #expect(
            found == [
                "7 error: coreos.locksmith.endpoint: \"10.0.0.1:2379\" is not a URL it can use: "
                    + "it has neither a scheme such as http:// nor a slash at its start",
                "10 error: \"etcd2\" is no unit's name: the unit name \"etcd2\" has no suffix such as .service",
                "12 warning: enable has no effect on a unit without [Install]",
                "13 warning: broken.service has neither ExecStart nor ExecStop, and systemd will refuse it",
                "17 warning: the drop-in \"10-nosuffix\" is not read",
                "19 warning: $private_ipv6 has no value on a node, and leaves nothing behind",
            ],
            "\(found)"
        )
    }

    @Test func nothingIsAnEmptyOne() throws {
        #expect(try Fixture.load(Fixture.topology(settings: "cloud_config:")).checked().cloudConfig.isEmpty)
    }
}
