import Basics
import TestKit
import Testing

@testable import Flannel

/// Leases as the original has them in etcd, and the choice of a subnet.
@Suite struct LeaseTests {
    private let config = try? NetworkConfig(json: #"{"Network": "10.1.0.0/16"}"#)

    private func address(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> IPv4Address {
        try #require(IPv4Address(text), sourceLocation: sourceLocation)
    }
    private func subnet(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> CIDRv4 {
        try #require(CIDRv4(text), sourceLocation: sourceLocation)
    }

    private func lease(_ subnet: String, of publicIP: String, version: UInt64 = 1) throws -> StoredLease {
        let attributes = LeaseAttributes(publicIP: try address(publicIP), backend: "vxlan")
        return StoredLease(subnet: try self.subnet(subnet), attributes: attributes, version: version)
    }

    @Test func areWrittenAsTheOriginalWritesThem() throws {
        let mac = "0e:11:22:33:44:55"
        let tunnel = LeaseAttributes(publicIP: try address("10.71.3.2"), backend: "vxlan", tunnelAddress: mac)
        let text = #"{"PublicIP":"10.71.3.2","BackendType":"vxlan","BackendData":{"VtepMAC":"0e:11:22:33:44:55"}}"#
        #expect(tunnel.json == text)
        #expect(LeaseAttributes(json: text) == tunnel)
        #expect(LeaseAttributes(json: text.replacing("0e:", with: "0E:")) == tunnel)
        let routed = LeaseAttributes(publicIP: try address("10.71.3.2"), backend: "host-gw")
        #expect(routed.json == #"{"PublicIP":"10.71.3.2","BackendType":"host-gw"}"#)
        #expect(LeaseAttributes(json: routed.json) == routed)
        #expect(
            LeaseAttributes(json: #"{"PublicIP":"10.71.3.2","BackendType":"host-gw","BackendData":null}"#) == routed
        )
        #expect(LeaseAttributes(json: #"{"PublicIP":"10.71.3.2","BackendData":{"VtepMAC":"no"}}"#) == nil)
        #expect(LeaseAttributes(json: "nothing") == nil)
        #expect(StoredLease.keyName(of: try subnet("10.1.15.0/24")) == "10.1.15.0-24")
        #expect(StoredLease.subnet(ofKeyName: "10.1.15.0-24") == (try subnet("10.1.15.0/24")))
        #expect(StoredLease.subnet(ofKeyName: "10.1.15.1-24") == nil)
    }

    @Test func newHardwareAddressesAreNobodys() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<50 {
            let address = HardwareAddress.random(using: &generator)
            #expect(HardwareAddress.isValid(address))
            #expect("26ae".contains(address.dropFirst().prefix(1)), "\(address) is no local address of one device")
        }
    }

    @Test func aNodeKeepsWhatItHas() throws {
        let config = try #require(config)
        let own = try address("10.71.3.2")
        let leases = [
            try lease("10.1.3.0/24", of: "10.71.3.9"), try lease("10.1.5.0/24", of: "10.71.3.2"),
            try lease("10.1.9.0/24", of: "10.71.3.2"),
        ]
        #expect(SubnetChoice(leases, in: config, for: own, previous: nil) == .keep(leases[1]))
        #expect(SubnetChoice(leases, in: config, for: own, previous: leases[2].subnet) == .keep(leases[2]))
        #expect(SubnetChoice.surplus(leases, of: own, beside: leases[1].subnet) == [leases[2]])
    }

    @Test func aNodeTakesItsLastSubnetAgainUnlessItIsAnothers() throws {
        let config = try #require(config)
        let (own, last) = (try address("10.71.3.2"), try subnet("10.1.77.0/24"))
        #expect(SubnetChoice([], in: config, for: own, previous: last) == .take(last))
        let taken = [try lease("10.1.77.0/24", of: "10.71.3.3")]
        guard case .take(let other) = SubnetChoice(taken, in: config, for: own, previous: last) else {
            Issue.record("no subnet is taken")
            return
        }
        #expect(other != last && config.gives(other))
        // A subnet of another network is of no use, and without a memory the place is the same each time.
        let foreign = SubnetChoice([], in: config, for: own, previous: try subnet("10.9.1.0/24"))
        #expect(foreign == SubnetChoice([], in: config, for: own, previous: nil))
    }

    @Test func whatCannotBeReadIsGivenAllTheSame() throws {
        let config = try NetworkConfig(json: #"{"Network": "10.1.0.0/22"}"#)
        let own = try address("10.71.3.2")
        let unreadable = StoredLease(subnet: try subnet("10.1.1.0/24"), attributes: nil, version: 1)
        let wide = try lease("10.1.2.0/23", of: "10.71.3.9")
        #expect(SubnetChoice([unreadable, wide], in: config, for: own, previous: nil) == .full)
        #expect(SubnetChoice([wide], in: config, for: own, previous: nil) == .take(unreadable.subnet))
    }

    @Test func everySubnetIsGivenBeforeTheNetworkIsFull() throws {
        let config = try NetworkConfig(json: #"{"Network": "10.1.0.0/20", "SubnetLen": 26}"#)
        var leases: [StoredLease] = []
        for number in 0..<config.subnetCount {
            let publicIP = IPv4Address(number: try address("10.71.3.2").number + UInt32(number))
            guard case .take(let subnet) = SubnetChoice(leases, in: config, for: publicIP, previous: nil) else {
                Issue.record("no subnet for node \(number)")
                return
            }
            #expect(!leases.contains { $0.subnet.overlaps(subnet) } && config.gives(subnet))
            leases.append(try lease("\(subnet)", of: "\(publicIP)"))
        }
        let late = SubnetChoice(leases, in: config, for: try address("10.71.9.9"), previous: nil)
        #expect(late == .full)
    }

    @Test func theFileIsAsTheOriginalsAndReadAgain() throws {
        let file = SubnetFile(
            network: try subnet("10.1.0.0/16"),
            subnet: try subnet("10.1.15.0/24"),
            mtu: 1450,
            masquerades: true,
        )
        #expect(
            file.text
                == "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.15.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
        )
        #expect(SubnetFile.subnet(in: file.text) == file.subnet)
        #expect(SubnetFile.subnet(in: "FLANNEL_SUBNET=x") == nil)
    }
}
