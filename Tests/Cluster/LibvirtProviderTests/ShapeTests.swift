import Basics
import Planning
import TestKit
import Testing
import TopologyModel

@testable import LibvirtProvider

/// What is read of libvirt's descriptions, to be compared with what was planned.
@Suite struct ShapeTests {
    @Test func aContainerAsLibvirtDescribesIt() throws {
        let shape = DomainShape(
            try XMLReader.read(
                """
                <domain type='lxc' id='712'>
                  <memory unit='KiB'>1048576</memory><currentMemory unit='KiB'>524288</currentMemory>
                  <vcpu placement='static'>1</vcpu>
                  <devices>
                    <filesystem type='mount'><source dir='/x'/><target dir='/'/><readonly/></filesystem>
                    <filesystem type='mount'><source dir='/y'/><target dir='/srv'/></filesystem>
                    <interface type='network'><mac address='52:54:00:01:02:03'/><target dev='vnet3'/></interface>
                    <console type='pty' tty='/dev/pts/1'/>
                  </devices>
                </domain>
                """
            )
        )
        #expect(shape.memoryMiB == 512 && shape.cpus == 1)
        #expect(shape.devices == ["filesystem at /", "filesystem at /srv", "interface 52:54:00:01:02:03"])
    }

    @Test func memoryAndProcessors() throws {
        func shape(_ inner: String) throws -> DomainShape {
            DomainShape(try XMLReader.read("<domain>\(inner)</domain>"))
        }
        #expect(try shape("<memory unit='GiB'>2</memory><vcpu current='2'>4</vcpu>").memoryMiB == 2048)
        #expect(try shape("<memory unit='GiB'>2</memory><vcpu current='2'>4</vcpu>").cpus == 2)
        #expect(try shape("<memory>1048000</memory>").memoryMiB == 1023, "a balloon is not exact")
    }

    /// libvirt writes what slipway wrote with a prefix or a netmask, with and without what it adds.
    @Test(arguments: [NetworkSettings.Mode.nat, .isolated])
    func aNetworkIsAsItWasWritten(mode: NetworkSettings.Mode) throws {
        let cidr = try #require(CIDRv4("10.9.0.0/24"))
        let written = NetworkShape(NetworkXML(network: NetworkPlan(cluster: "demo", cidr: cidr, mode: mode)).document)
        #expect(written.addresses == ["10.9.0.1/24"] && written.mode == mode.rawValue)
        let forward = mode == .nat ? "<forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>" : ""
        let read = try XMLReader.read(
            """
            <network connections='2'><name>slipway.demo</name>\(forward)
              <bridge name='\(written.bridge)' stp='off' delay='0'/><ip address='10.9.0.1' prefix='24'></ip>
            </network>
            """
        )
        #expect(NetworkShape(read) == written)
    }

    /// The names that its DNS server knows survive.
    @Test func namesAreWrittenWithTheDefinition() throws {
        let cidr = try #require(CIDRv4("10.9.0.0/24"))
        let host = try XMLReader.read("<host ip='10.9.0.10'><hostname>central-1</hostname></host>")
        let names = [try #require(PublishedName(host))]
        let plan = NetworkPlan(cluster: "demo", cidr: cidr, mode: .nat)
        let xml = NetworkXML(network: plan, names: names).text
        #expect(PublishedName.known(to: xml) == Set(names))
        #expect(!NetworkXML(network: plan).text.contains("dns"))
    }
}
