import Basics
import TestKit
import Testing

@testable import Flannel

/// What is changed in the kernel, from what is there and what is to be.
@Suite struct ForwardingTests {
    private let config = try? NetworkConfig(json: #"{"Network": "10.1.0.0/16"}"#)

    private func peer(_ number: UInt32, node: UInt32, address: UInt8) -> Peer {
        Peer(
            subnet: CIDRv4(around: IPv4Address(number: 0x0A01_0000 + number << 8), prefix: 24),
            publicIP: IPv4Address(number: 0x0A47_0300 + node),
            tunnelAddress: "0e:00:00:00:00:\(Hex.encode([address]))",
        )
    }

    @Test func linesAreThoseOfTheProgramsInTheirOrder() {
        let wanted = ForwardingTables(to: [peer(20, node: 3, address: 3)], by: .vxlan(number: 1, port: 8472))
        let added = wanted.changes(from: ForwardingTables(), device: "flannel.1", isTunnel: true)
        #expect(added.removals == [])
        #expect(added.bridge == ["fdb append 0e:00:00:00:00:03 dev flannel.1 dst 10.71.3.3 self permanent"])
        #expect(
            added.additions == [
                "neigh replace 10.1.20.0 lladdr 0e:00:00:00:00:03 dev flannel.1 nud permanent",
                "route replace 10.1.20.0/24 via 10.1.20.0 dev flannel.1 onlink",
            ]
        )
        let removed = ForwardingTables().changes(from: wanted, device: "flannel.1", isTunnel: true)
        #expect(
            removed.removals == [
                "route del 10.1.20.0/24 via 10.1.20.0 dev flannel.1", "neigh del 10.1.20.0 dev flannel.1",
            ]
        )
        #expect(removed.bridge == ["fdb del 0e:00:00:00:00:03 dev flannel.1 dst 10.71.3.3 self"])
        let routed = ForwardingTables(to: [peer(20, node: 3, address: 3)], by: .hostGateway)
        let lines = routed.changes(from: ForwardingTables(), device: "eth0", isTunnel: false)
        #expect(lines.additions == ["route replace 10.1.20.0/24 via 10.71.3.3 dev eth0"])
        #expect(lines.count == 1)
    }

    /// The lines make the tables that are wanted, from any that may be there, and none are left to do.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func linesMakeTheTables(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func tables(_ generator: inout SeededGenerator) -> ForwardingTables {
            let peers = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                peer(
                    UInt32.random(in: 1...9, using: &generator),
                    node: UInt32.random(in: 2...9, using: &generator),
                    address: UInt8.random(in: 1...9, using: &generator),
                )
            }
            return ForwardingTables(to: peers, by: .vxlan(number: 1, port: 8472))
        }
        var kernel = FakeKernel()
        kernel.tables = tables(&generator)
        let wanted = tables(&generator)
        let changes = wanted.changes(from: kernel.tables, device: "flannel.1", isTunnel: true)
        for line in changes.removals + changes.bridge + changes.additions { kernel.run(line) }
        #expect(kernel.tables == wanted)
        #expect(kernel.failures == [])
        #expect(wanted.changes(from: kernel.tables, device: "flannel.1", isTunnel: true).isEmpty)
    }

    @Test func peersAreThoseOfTheNetworkThatCanBeReached() throws {
        let config = try #require(config)
        let own = try #require(IPv4Address("10.71.3.2"))
        func lease(_ subnet: String, _ json: String?, sourceLocation: SourceLocation = #_sourceLocation) throws
            -> StoredLease
        {
            let attributes = json.flatMap { LeaseAttributes(json: $0) }
            return StoredLease(
                subnet: try #require(CIDRv4(subnet), sourceLocation: sourceLocation),
                attributes: attributes,
                version: 1
            )
        }
        let mac = #","BackendData":{"VtepMAC":"0e:00:00:00:00:03"}}"#
        let leases = [
            try lease("10.1.1.0/24", #"{"PublicIP":"10.71.3.2","BackendType":"vxlan"\#(mac)"#),
            try lease("10.1.2.0/24", #"{"PublicIP":"10.71.3.3","BackendType":"vxlan"\#(mac)"#),
            try lease("10.1.3.0/24", #"{"PublicIP":"10.71.3.4","BackendType":"host-gw"}"#),
            try lease("10.1.4.0/24", #"{"PublicIP":"10.71.3.5","BackendType":"vxlan"}"#),
            try lease("10.1.5.0/24", nil),
            try lease("10.9.5.0/24", #"{"PublicIP":"10.71.3.6","BackendType":"vxlan"\#(mac)"#),
            try lease("10.0.0.0/8", #"{"PublicIP":"10.71.3.7","BackendType":"vxlan"\#(mac)"#),
        ]
        #expect(Peer.peers(in: leases, of: config, beside: own).map { "\($0.subnet)" } == ["10.1.2.0/24"])
    }

    // MARK: The device

    private let device = TunnelDevice(
        number: 1,
        port: 8472,
        local: IPv4Address(number: 0x0A47_0302),
        link: "eth0",
        hardwareAddress: "0e:00:00:00:00:01",
        mtu: 1450,
    )
    private let address = IPv4Address(number: 0x0A01_0F00)

    @Test func aDeviceThatIsRightStays() {
        let kept = device.commands(present: device, addresses: [address], address: address)
        #expect(kept == ["link set flannel.1 addrgenmode none up"])
        var other = device
        (other.mtu, other.hardwareAddress) = (1400, "0e:00:00:00:00:02")
        let changed = device.commands(present: other, addresses: [IPv4Address(number: 1)], address: address)
        #expect(
            changed == [
                "link set flannel.1 address 0e:00:00:00:00:01", "link set flannel.1 mtu 1450",
                "addr del 0.0.0.1/32 dev flannel.1", "addr add 10.1.15.0/32 dev flannel.1",
                "link set flannel.1 addrgenmode none up",
            ]
        )
    }

    @Test func aDeviceOfAnotherKindIsMadeAnew() {
        var other = device
        other.port = 4789
        let made = [
            "link add flannel.1 address 0e:00:00:00:00:01 mtu 1450 type vxlan id 1 dev eth0 local 10.71.3.2 dstport 8472 "
                + "nolearning",
            "addr add 10.1.15.0/32 dev flannel.1", "link set flannel.1 addrgenmode none up",
        ]
        #expect(device.commands(present: nil, addresses: [], address: address) == made)
        let anew = device.commands(present: other, addresses: [address], address: address)
        #expect(anew == ["link del flannel.1"] + made)
    }
}
