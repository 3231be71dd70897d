import CloudConfig
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

    @Test func nothingIsAnEmptyOne() throws {
        #expect(try Fixture.load(Fixture.topology(settings: "cloud_config:")).checked().cloudConfig.isEmpty)
    }
}
