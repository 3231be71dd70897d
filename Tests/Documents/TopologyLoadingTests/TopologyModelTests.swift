import Basics
import Diagnostics
import Testing
import TopologyLoading
import TopologyModel
import UnitFiles

@Suite struct IPv4Tests {
    @Test(arguments: ["0.0.0.0", "10.71.3.1", "255.255.255.255"]) func reads(text: String) {
        #expect(IPv4Address(text)?.description == text)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.-4", "1.2.3.٤", "a.b.c.d", "1.2.3.4 "])
    func refuses(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test(arguments: [
        ("10.71.3.0/24", "255.255.255.0", "10.71.3.1", "10.71.3.255", 245),
        ("10.0.0.0/8", "255.0.0.0", "10.0.0.1", "10.255.255.255", 16_777_205),
        ("192.168.1.4/30", "255.255.255.252", "192.168.1.5", "192.168.1.7", 0),
        ("10.0.0.4/31", "255.255.255.254", "10.0.0.5", "10.0.0.5", 0),
        ("0.0.0.0/0", "0.0.0.0", "0.0.0.1", "255.255.255.255", 4_294_967_285),
    ])
    func networks(text: String, netmask: String, gateway: String, broadcast: String, capacity: Int) throws {
        let cidr = try #require(CIDRv4(text))
        #expect(cidr.description == text)
        #expect(cidr.netmask.description == netmask)
        #expect(cidr.gateway.description == gateway)
        #expect(cidr.broadcast.description == broadcast)
        #expect(cidr.nodeCapacity == capacity)
    }

    @Test(arguments: [
        "10.71.3.1/24", "10.71.3.0/33", "10.71.3.0/-1", "10.71.3.0/024", "10.71.3.0", "/24", "10.71.3.0/24/1",
    ])
    func refusesNetworks(text: String) {
        #expect(CIDRv4(text) == nil)
    }

    @Test(arguments: [(1, 28), (5, 28), (6, 27), (245, 24), (246, 23), (100_000, 15)])
    func prefixesForNodes(nodes: Int, prefix: Int) {
        #expect(CIDRv4.prefix(forNodes: nodes) == prefix)
    }

    /// What a file without a network gets must never change: running clusters have it.
    @Test(arguments: [("demo", "10.86.78.0/24"), ("production", "10.122.88.0/24"), ("laptop", "10.109.67.0/24")])
    func derivedNetworksStay(name: String, cidr: String) {
        #expect(CIDRv4.derived(fromCluster: name).description == cidr)
    }
}

@Suite struct NameRuleTests {
    @Test(arguments: [
        ("a", nil), ("web-1", nil), ("", "is empty"), ("1a", "must start with a lower-case letter"),
        ("a-", "must not end with a hyphen"), ("a_b", "may hold only lower-case letters, digits and hyphens"),
        ("abcdefghi", "has 9 characters, and 8 are the most"), ("é", "must start with a lower-case letter"),
        ("aé", "may hold only lower-case letters, digits and hyphens"),
    ])
    func problems(name: String, problem: String?) {
        #expect(NameRule.problem(with: name, limit: 8) == problem)
    }

    @Test(arguments: [
        ("Web_Server", "web-serv"), ("1a", "a"), ("--", nil), ("", nil), ("abc---", "abc"), ("ÀB", "b"), ("a.b", "a-b"),
    ])
    func suggestions(name: String, suggestion: String?) {
        #expect(NameRule.suggestion(for: name, limit: 8) == suggestion)
    }
}

@Suite struct TopologyModelTests {
    @Test(arguments: [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2), (7, 4, 3), (8, 5, 3)])
    func faultTolerance(members: Int, majority: Int, failures: Int) {
        #expect(FaultTolerance(members: members).majority == majority)
        #expect(FaultTolerance(members: members).failures == failures)
    }

    @Test(arguments: [
        (1, nil), (2, "2 etcd members survive no failure, as 1 would: an odd number is better"), (3, nil),
        (4, "4 etcd members survive one failure, as 3 would: an odd number is better"), (5, nil),
        (6, "6 etcd members survive 2 failures, as 5 would: an odd number is better"), (7, nil),
        (8, "8 etcd members: every write waits for 5 of them; 3, 5 or 7 are usual"),
        (9, "9 etcd members: every write waits for 5 of them; 3, 5 or 7 are usual"),
    ])
    func memberCounts(members: Int, warning: String?) throws {
        let loaded = Fixture.load(Fixture.topology(roles: "{core: {count: \(members), etcd: member}}"))
        #expect(loaded.diagnostics.map(\.message) == (warning.map { [$0] } ?? []))
        #expect(loaded.diagnostics.allSatisfy { $0.severity == .warning && $0.notes.count == 1 })
        #expect(try loaded.checked().memberCount == members)
    }

    @Test func membersOfSeveralRolesAreCountedTogether() {
        let report = Fixture.report(Fixture.topology(roles: "{a: {count: 2, etcd: member}, b: {etcd: member}}"))
        #expect(report == [])
    }

    @Test func tooSmallNetworks() {
        let text = Fixture.topology(settings: "network: {cidr: 10.0.0.0/28}", roles: "{a: {count: 7, etcd: member}}")
        #expect(
            Fixture.report(text) == [
                "a.yaml:2:17+11 error: 10.0.0.0/28 has room for 5 nodes, and the roles have 7",
                "  no node gets the network's first 10 addresses, nor the broadcast address",
                "  10.0.0.0/27 has room for 21",
            ]
        )
        let none = Fixture.topology(settings: "network: {cidr: 10.0.0.2/31}")
        #expect(
            Fixture.report(none).first == "a.yaml:2:17+11 error: 10.0.0.2/31 has room for no node, and the roles have 1"
        )
    }

    @Test func aChangedTopologyIsCheckedAgain() throws {
        var topology = try Fixture.load(Fixture.topology()).checked()
        #expect(topology.check() == [])
        topology.roles[0].count = 0
        #expect(topology.check().map(\.message) == ["role \"core\" needs at least one node, not 0"])
        topology.roles[0].count = .max
        #expect(topology.check().map(\.severity) == [.error])
        topology.roles = []
        #expect(topology.check().map(\.message) == ["no role has etcd members"])
    }

    @Test(arguments: [("true", true), ("false", false)]) func nodesStartWithTheHostOrNot(text: String, isOn: Bool)
        throws
    {
        let file = "name: demo\nautostart: \(text)\nroles: {core: {etcd: member}}\n"
        #expect(try Fixture.load(file).checked().autostart == isOn)
    }

    @Test func defaultsAreFilledIn() throws {
        let topology = try Fixture.load(
            """
            name: demo
            defaults: {cpus: 4, memory: 2G, disk: 20480MiB}
            fleet: {machine_ttl: 1m, tcp: false}
            roles:
              core: {etcd: member}
              big: {count: 2, memory: 4GiB, metadata: {disk: 1}}
            units:
              - {file: units/web@.service, instances: [blue, green], state: loaded}
            """
        ).checked()
        #expect(
            topology.roles.map(\.resources) == [
                Resources(cpus: 4, memoryMiB: 2048, diskGiB: 20), Resources(cpus: 4, memoryMiB: 4096, diskGiB: 20),
            ]
        )
        #expect(topology.roles.map(\.count) == [1, 2])
        #expect(topology.autostart)
        #expect(topology.roles.map(\.etcd) == [.member, .proxy])
        #expect(topology.roles[1].metadata == ["disk": "1"])
        #expect(topology.fleet == FleetSettings(machineTTLSeconds: 60, enabled: true, tcp: false))
        #expect(topology.network == NetworkSettings(cidr: .derived(fromCluster: "demo"), mode: .nat))
        #expect(topology.units.map(\.name) == ["web@blue.service", "web@green.service"])
        #expect(topology.units.map(\.file) == ["t/units/web@.service", "t/units/web@.service"])
        #expect(topology.units.map(\.desiredState) == [.loaded, .loaded])
    }
}
