import Basics
import Logging
import Planning
import Provisioning
import Testing
import TopologyModel

@testable import LibvirtProvider

@Suite struct RenderingTests {
    private let lxc = DriverDialect.lxc(emulator: "/usr/lib/libvirt/libvirt_lxc")

    private func domain(_ node: NodePlan) -> DomainXML {
        DomainXML(
            node: node,
            image: NodeImagePaths(root: "/srv/root", layer: "/srv/layer"),
            directory: "/srv/clusters/prod/central-1",
            images: "/srv/images",
            dialect: lxc,
        )
    }

    /// In CI, say, where there is no libvirt.
    @Test func aDomainIsRenderedWithoutLibvirt() async throws {
        let uri = "lxc:///system?socket=/nowhere/libvirt-sock"
        let provider = LibvirtProvider(uri: uri, home: "/srv", logger: Logger(label: "test"))
        let image = NodeImagePaths(root: "/srv/root", layer: "/srv/layer")
        let text = try await provider.domainXML(for: Samples.node(), image: image)
        #expect(text == domain(Samples.node()).text(phase: .defined))
        await provider.close()
    }

    @Test func aContainersDomain() {
        let root = String(repeating: "a", count: 64)
        let layer = String(repeating: "b", count: 64)
        #expect(
            domain(Samples.node()).text(phase: .defined)
                == """
                <domain type='lxc'>
                  <name>prod.central-1</name>
                  <uuid>\(Identity.uuid(cluster: "prod", node: "central-1"))</uuid>
                  <metadata>
                    <slipway:node xmlns:slipway='urn:slipway:node:1' cluster='prod' node='central-1' role='central' \
                index='1' runtime='container' address='10.71.3.11' etcd='member' root='\(root)' layer='\(layer)' \
                base='base' config='config' generation='3' phase='defined' definition='DEFINITION' \
                devices='filesystem at /; filesystem at /.slipway/layer; filesystem at /.slipway/node; \
                filesystem at /.slipway/node/images; interface \(Identity.macAddress(cluster: "prod", node: "central-1"))'/>
                  </metadata>
                  <memory unit='MiB'>1024</memory>
                  <vcpu>2</vcpu>
                  <os>
                    <type>exe</type>
                    <init>/.slipway/layer/usr/lib/slipway/slipway-node-init</init>
                  </os>
                  <features>
                    <privnet/>
                    <capabilities policy='allow'/>
                  </features>
                  <on_poweroff>destroy</on_poweroff>
                  <on_reboot>restart</on_reboot>
                  <on_crash>destroy</on_crash>
                  <devices>
                    <emulator>/usr/lib/libvirt/libvirt_lxc</emulator>
                    <filesystem type='mount' accessmode='passthrough'>
                      <source dir='/srv/root'/>
                      <target dir='/'/>
                      <readonly/>
                    </filesystem>
                    <filesystem type='mount' accessmode='passthrough'>
                      <source dir='/srv/layer'/>
                      <target dir='/.slipway/layer'/>
                      <readonly/>
                    </filesystem>
                    <filesystem type='mount' accessmode='passthrough'>
                      <source dir='/srv/clusters/prod/central-1'/>
                      <target dir='/.slipway/node'/>
                    </filesystem>
                    <filesystem type='mount' accessmode='passthrough'>
                      <source dir='/srv/images'/>
                      <target dir='/.slipway/node/images'/>
                      <readonly/>
                    </filesystem>
                    <interface type='network'>
                      <mac address='\(Identity.macAddress(cluster: "prod", node: "central-1"))'/>
                      <source network='slipway.prod'/>
                      <guest dev='eth0'/>
                    </interface>
                    <console type='pty'/>
                  </devices>
                </domain>

                """.replacing("DEFINITION", with: domain(Samples.node()).record(phase: .defined).definition)
        )
    }

    @Test func theDefinitionsDigestIsOfTheMachineAlone() {
        let record = domain(Samples.node()).record(phase: .defined)
        #expect(record.definition.count == 16)
        #expect(domain(Samples.node(config: "other")).record(phase: .ready).definition == record.definition)
        var larger = Samples.node()
        larger.resources.memoryMiB = 2048
        #expect(domain(larger).record(phase: .defined).definition != record.definition)
    }

    @Test func aNetworkWithTranslation() {
        #expect(
            NetworkXML(network: Samples.network).text == """
                <network>
                  <name>slipway.prod</name>
                  <uuid>\(Identity.networkUUID(cluster: "prod"))</uuid>
                  <metadata>
                    <slipway:network xmlns:slipway='urn:slipway:network:1' cluster='prod' \
                cidr='10.71.3.0/24' mode='nat'/>
                  </metadata>
                  <forward mode='nat'/>
                  <bridge name='\(Identity.bridgeName(cluster: "prod"))' stp='off' delay='0'/>
                  <mac address='\(Identity.bridgeMACAddress(cluster: "prod"))'/>
                  <ip address='10.71.3.1' netmask='255.255.255.0'/>
                </network>

                """
        )
    }

    @Test func anIsolatedNetworkHasNoNameServer() throws {
        var plan = Samples.network
        plan.mode = .isolated
        let network = try XMLReader.read(NetworkXML(network: plan).text)
        #expect(network.first("forward") == nil)
        #expect(network.first("dns")?["enable"] == "no")
    }

    @Test(arguments: [NetworkSettings.Mode.nat, .isolated])
    func readsANetworkBack(mode: NetworkSettings.Mode) throws {
        var plan = Samples.network
        plan.mode = mode
        let observed = try ObservedNetwork(xml: NetworkXML(network: plan).text, active: true)
        #expect(
            observed
                == ObservedNetwork(
                    name: plan.name,
                    cluster: "prod",
                    cidr: plan.cidr,
                    mode: mode,
                    bridge: plan.bridge,
                    active: true,
                )
        )
    }

    @Test func readsTheNetworksOfOthers() throws {
        let xml = """
            <network connections='1'>
              <name>default</name>
              <metadata><x:n xmlns:x='urn:other' cluster='prod'/></metadata>
              <forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>
              <bridge name='virbr0' stp='on' delay='0'/>
              <ip family='ipv6' address='fd00::1' prefix='64'/>
              <ip address='192.168.122.1' netmask='255.255.255.0'><dhcp/></ip>
            </network>
            """
        #expect(
            try ObservedNetwork(xml: xml, active: true)
                == ObservedNetwork(
                    name: "default",
                    cluster: nil,
                    cidr: CIDRv4("192.168.122.0/24"),
                    mode: .nat,
                    bridge: "virbr0",
                    active: true,
                )
        )
        let bridged = "<network><name>b</name><forward mode='bridge'/><bridge name='br0'/></network>"
        #expect(try ObservedNetwork(xml: bridged, active: false).mode == nil)
    }

    @Test func certificatesAreKnownAgainAndKeysAreNowhere() throws {
        var node = Samples.node()
        node.userData += "-----BEGIN PRIVATE KEY-----\n"
        node.etcdTLS = true
        node.certificates = CertificateGeneration(number: 2, at: 1_795_694_400)
        let text = domain(node).text(phase: .started)
        #expect(text.contains("etcd-tls='true' certificates='2@1795651200'") && !text.contains("PRIVATE"), "\(text)")
        let record = domain(node).record(phase: .started)
        #expect(NodeRecord(metadata: record.element(qualified: true).rendered()) == record)
        let observed = record.observed(power: .running, hasDomain: true, hasStorage: true)
        #expect(observed.etcdTLS && observed.certificates == node.certificates)
        #expect(observed.clientURL == "https://10.71.3.11:2379")
    }

    @Test(arguments: [FleetReach.none, .socket, .tcp]) func remembersHowFleetIsReached(_ fleet: FleetReach) throws {
        var node = Samples.node()
        node.fleet = fleet
        let record = domain(node).record(phase: .started)
        let again = try #require(NodeRecord(metadata: record.element(qualified: true).rendered()))
        #expect(again.observed(power: .running, hasDomain: true, hasStorage: true).fleet == fleet)
    }

    @Test func knowsANodeAgainByItsMetadata() throws {
        let record = domain(Samples.node()).record(phase: .started)
        #expect(NodeRecord(metadata: record.element(qualified: true).rendered()) == record)
        #expect(NodeRecord(metadata: record.element(qualified: false).rendered()) == record)
        #expect(NodeRecord(metadata: "<node cluster='prod'/>") == nil)
        #expect(NodeRecord(metadata: "not XML") == nil)
    }

    @Test func takesTheEmulatorFromTheCapabilities() throws {
        let capabilities = """
            <capabilities><host/><guest><os_type>exe</os_type><arch name='x86_64'><wordsize>64</wordsize>
            <emulator>/usr/libexec/libvirt_lxc</emulator><domain type='lxc'/></arch></guest></capabilities>
            """
        #expect(
            try DriverDialect(.container, driver: "LXC", capabilities: capabilities)
                == .lxc(emulator: "/usr/libexec/libvirt_lxc")
        )
        #expect(try DriverDialect(.container, driver: "QEMU", capabilities: capabilities) == nil)
        #expect(try DriverDialect(.container, driver: "LXC", capabilities: "<capabilities/>") == nil)
    }
}
