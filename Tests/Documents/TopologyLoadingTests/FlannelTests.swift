import Diagnostics
import Testing
import TopologyLoading
import TopologyModel

/// The containers' network in a topology.
@Suite struct FlannelTests {
    private func loaded(_ flannel: String, roles: String = "{core: {count: 3, etcd: member}}") throws
        -> FlannelSettings?
    {
        let text = Fixture.topology(settings: "network: {cidr: 10.71.3.0/24}\nflannel: \(flannel)", roles: roles)
        return try Fixture.load(text).checked().flannel
    }

    @Test func isThatOfCoreOSUnlessTheFileSaysMore() throws {
        #expect(try Fixture.load(Fixture.topology()).checked().flannel == nil)
        let usual = try #require(try loaded("{}"))
        #expect(usual.json == #"{"Network":"10.1.0.0/16","SubnetLen":24,"Backend":{"Type":"vxlan"}}"#)
        #expect(usual.subnetCount == 255)
        let own = try #require(try loaded("{network: 10.9.0.0/22, subnet_length: 26, backend: host-gw}"))
        #expect(own.json == #"{"Network":"10.9.0.0/22","SubnetLen":26,"Backend":{"Type":"host-gw"}}"#)
        #expect(own.subnetCount == 15)
        #expect(try loaded("{network: 10.9.0.0/24}")?.subnetLength == 26)
    }

    /// A section, and what is said of it.
    @Test(arguments: [
        (
            "{network: 10.71.0.0/16}",
            "the containers' network 10.71.0.0/16 overlaps with the nodes' network 10.71.3.0/24"
        ),
        (
            "{network: 172.17.0.0/16}",
            "the containers' network 172.17.0.0/16 clashes with 172.17.0.0/16, Docker's own bridge on every node"
        ),
        ("{network: 10.1.0.1/16}", "10.1.0.1/16 is an address within a network"),
        ("{network: 10.1.0.0/29}", "a containers' network is a /8 to a /28, not 10.1.0.0/29"),
        ("{subnet_length: 17}", "\"subnet_length\" must be from 18 to 30, not 17"),
        ("{backend: udp}", "\"backend\" cannot be \"udp\""),
        ("{network: 10.1.0.0/28}", "10.1.0.0/28 has 3 subnets of length 30, and the roles have 4 nodes"),
        ("true", "expected a mapping for flannel, found the boolean true"),
    ])
    func mistakesAreSaidOnce(section: String, message: String) {
        let text = Fixture.topology(
            settings: "network: {cidr: 10.71.3.0/24}\nflannel: \(section)",
            roles: "{core: {count: 3, etcd: member}, worker: {count: 1, etcd: proxy}}",
        )
        let errors = Fixture.load(text).diagnostics.filter { $0.severity == .error }
        #expect(errors.map(\.message) == [message])
        #expect(errors.allSatisfy { $0.location?.line == 3 })
    }

    @Test func nodesWithoutAPartInItAreNamed() throws {
        let roles =
            "{core: {count: 1, etcd: member}, plain: {count: 1, etcd: none}, reader: {count: 1, etcd: readonly}}"
        let found = Fixture.load(Fixture.topology(settings: "flannel: {}", roles: roles)).diagnostics
        #expect(
            found.map(\.message) == [
                "containers of role \"plain\" have no part in flannel's network: its nodes have no etcd",
                "containers of role \"reader\" have no part in flannel's network: its nodes may not write to etcd",
            ]
        )
        #expect(!found.hasErrors)
    }
}
