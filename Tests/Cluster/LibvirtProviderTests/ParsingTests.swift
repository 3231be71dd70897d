import Planning
import Testing
import TopologyModel

@testable import LibvirtProvider

@Suite struct ParsingTests {
    @Test func readsTheKernelsRoutes() {
        let table = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
            virbr0\t007AA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
            eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
            tun0\tnonsense

            """
        #expect(
            HostRoutes.parse(table).map { "\($0.destination) \($0.interface)" }
                == ["172.17.0.0/16 eth0", "192.168.122.0/24 virbr0"]
        )
    }

    @Test(arguments: [
        ("central-1", "central", 1), ("a-b-12", "a-b", 12),
    ])
    func takesANodesNameApart(text: String, role: String, index: Int) throws {
        let name = try #require(NodeName(text))
        #expect(name.role == role)
        #expect(name.index == index)
    }

    @Test(arguments: ["central", "central-", "central-0", "central-01", "-1", "Central-1", "ssh", "a_b-1", "lock-x"])
    func takesNothingElseForANode(text: String) {
        #expect(NodeName(text) == nil)
    }

    @Test func readsTheNamesThatANetworkKnows() {
        func network(_ inner: String) -> String { "<network><name>slipway.a</name>\(inner)</network>" }
        let hosts = """
            <forward mode='nat'/><dns><host ip='10.0.0.2'><hostname>a-1</hostname></host><host ip='10.0.0.3'/></dns>
            """
        let names = PublishedName.known(to: network(hosts))
        #expect(names?.map { "\($0.name) \($0.address)" } == ["a-1 10.0.0.2"])
        #expect(PublishedName.known(to: network("<forward mode='nat'/>")) == [])
        // It has no DNS server.
        #expect(PublishedName.known(to: network("<dns enable='no'/>")) == nil)
    }

    @Test func picksTheLastStartFromALog() {
        let log = """
            2026-11-23 18:00:00.000+0000: starting up
            old
            2026-11-23 19:00:00.000+0000: starting up
            PATH=/usr/bin /usr/lib/libvirt/libvirt_lxc --name a
            first
            2026-11-23 19:00:01.000+0000: 1: error : a=b failed
            """
        #expect(Evidence.tail(log, lines: 5) == ["first", "2026-11-23 19:00:01.000+0000: 1: error : a=b failed"])
        #expect(Evidence.tail(log, lines: 1).count == 1)
        #expect(Evidence.tail("", lines: 3) == [])
    }
}
