import Basics
import Foundation
import Libvirt
import Logging
import Planning
import Provisioning
import Synchronization
import TestKit
import Testing
import TopologyModel

@testable import LibvirtProvider

/// The providers that the contract is checked against.
enum ProviderUnderTest: Sendable, CustomTestStringConvertible {
    /// In memory.
    case fake
    /// libvirt's driver for tests, in this process.
    case testDriver
    /// The libvirt of the sandbox this runs in, with a real image.
    case real(uri: String, home: String, image: NodeImagePaths)

    /// With SLIPWAY_TEST_NODES, as Scripts/test sets it in a sandbox, the real one as well, with the newest image.
    static let all: [ProviderUnderTest] = {
        let environment = ProcessInfo.processInfo.environment
        guard environment["SLIPWAY_TEST_NODES"] != nil else { return [.fake, .testDriver] }
        let home = environment["SLIPWAY_HOME"] ?? "/var/lib/slipway"
        let image = NodeImagePaths(root: newest(in: "\(home)/images/root"), layer: newest(in: "\(home)/images/layer"))
        return [.fake, .testDriver, .real(uri: "lxc:///system", home: home, image: image)]
    }()

    /// Those that bound what a node uses: libvirt's driver for tests has no bounds.
    static let bounding = all.filter { if case .testDriver = $0 { false } else { true } }

    /// The newest directory in a directory, or what is not there, so that the tests fail.
    private static func newest(in directory: String) -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let paths = names.filter { $0.allSatisfy(\.isHexDigit) }.map { "\(directory)/\($0)" }
        func modified(_ path: String) -> Date {
            (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date ?? .distantPast
        }
        return paths.max { modified($0) < modified($1) } ?? "\(directory)/none"
    }

    var testDescription: String {
        switch self {
        case .fake: "fake"
        case .testDriver: "libvirt's test driver"
        case .real(let uri, _, _): uri
        }
    }

    /// Calls `body` with a provider and a cluster of its own, and removes what it left.
    func with(_ body: (ProviderWorld) async throws -> Void) async throws {
        switch self {
        case .fake:
            let provider = FakeProvider()
            try await body(ProviderWorld(provider: provider, hands: .fake(provider), image: Samples.paths("/srv")))
        case .testDriver:
            try await TemporaryDirectory.with { directory in
                let node = "\(directory)/host.xml"
                try Data("<node><cpu><mhz>2000</mhz><nodes>1</nodes></cpu></node>".utf8).write(to: URL(filePath: node))
                let provider = LibvirtProvider(
                    uri: "test://\(node)",
                    home: "\(directory)/home",
                    connections: 1,
                    logger: Logger(label: "test"),
                )
                let image = Samples.paths(directory)
                try await body(ProviderWorld(provider: provider, hands: .libvirt(provider), image: image))
                await provider.close()
            }
        case .real(let uri, let home, let image):
            let provider = LibvirtProvider(uri: uri, home: home, logger: Logger(label: "test"))
            let world = ProviderWorld(provider: provider, hands: .libvirt(provider), image: image)
            do {
                try await body(world)
            } catch {
                try await world.clean()
                throw error
            }
            try await world.clean()
            await provider.close()
        }
    }
}

/// A provider, a cluster's name that no other test has, and hands that do what Slipway does not.
struct ProviderWorld: Sendable {
    enum Hands: Sendable {
        case fake(FakeProvider)
        case libvirt(LibvirtProvider)
    }

    let provider: any ClusterProvider
    let hands: Hands
    let image: NodeImagePaths
    let network: NetworkPlan
    var cluster: String { network.cluster }

    private static let count = Mutex<UInt32>(0)

    init(provider: any ClusterProvider, hands: Hands, image: NodeImagePaths) {
        self.provider = provider
        self.hands = hands
        self.image = image
        let number = Self.count.withLock { count in
            count += 1
            return count
        }
        let cidr = Samples.cidr(IPv4Address(number: 0x0A63_0000 + number << 8))
        network = NetworkPlan(cluster: "contract\(number)", cidr: cidr, mode: .isolated)
    }

    func node(_ index: Int = 1, base: String = "base", config: String = "config") -> NodePlan {
        var plan = Samples.node("central-\(index)", cluster: cluster, base: base, config: config)
        plan.index = index
        plan.address = IPv4Address(number: network.cidr.base.number + 10 + UInt32(index))
        plan.network = network.cidr
        return plan
    }

    /// As `up` does it.
    func bringUp(_ node: NodePlan) async throws {
        let reference = NodeReference(node)
        try await provider.createNetwork(network)
        try await provider.allocate(node, image: image)
        try await provider.define(node, image: image)
        try await provider.start(reference)
        try await provider.setPhase(.started, of: reference)
    }

    func observed() async throws -> [ObservedNode] { try await provider.observe().nodes(of: cluster) }

    /// As `down` does it.
    func clean() async throws {
        for node in try await observed() { try await provider.remove(NodeReference(node)) }
        try await provider.removeNetwork(cluster: cluster)
        try await provider.removeClusterRemains(cluster)
    }

    // MARK: By hand

    func crash(_ node: NodeReference) async throws {
        switch hands {
        case .fake(let fake): await fake.crash(node)
        case .libvirt(let libvirt):
            try await libvirt.hypervisor.run { connection throws(LibvirtError) in
                try connection.domain(named: node.domainName).destroy()
            }
        }
    }

    func pause(_ node: NodeReference) async throws {
        switch hands {
        case .fake(let fake): await fake.pause(node)
        case .libvirt(let libvirt):
            try await libvirt.hypervisor.run { connection throws(LibvirtError) in
                try connection.domain(named: node.domainName).suspend()
            }
        }
    }

    func deleteDomain(_ node: NodeReference) async throws {
        switch hands {
        case .fake(let fake): await fake.deleteDomainByHand(node)
        case .libvirt(let libvirt):
            try await libvirt.hypervisor.run { connection throws(LibvirtError) in
                let domain = try connection.domain(named: node.domainName)
                try domain.destroy()
                try domain.undefine([])
            }
        }
    }

    func deleteStorage(_ node: NodeReference) async throws {
        switch hands {
        case .fake(let fake): await fake.deleteStorageByHand(node)
        case .libvirt(let libvirt): try FileManager.default.removeItem(atPath: libvirt.storage.directory(of: node))
        }
    }

    /// Makes a domain and a network that are not Slipway's, and returns what removes them.
    func addForeign(domain: String, network: String) async throws {
        switch hands {
        case .fake(let fake):
            await fake.addForeignDomain(domain)
            await fake.addForeignNetwork(
                ObservedNetwork(name: network, cluster: nil, cidr: nil, mode: .isolated, bridge: nil, active: false)
            )
        case .libvirt(let libvirt):
            let type = try await libvirt.containers.driver.dialect() == .test ? "test" : "lxc"
            let system = type == "test" ? "<type>hvm</type>" : "<type>exe</type><init>/bin/sh</init>"
            let xml = "<domain type='\(type)'><name>\(domain)</name><memory>65536</memory><os>\(system)</os></domain>"
            let networkXML = "<network><name>\(network)</name></network>"
            try await libvirt.hypervisor.run { connection throws(LibvirtError) in
                _ = try connection.defineDomain(xml, name: domain)
                _ = try connection.defineNetwork(networkXML, name: network)
            }
        }
    }

    func removeForeign(domain: String, network: String) async throws {
        guard case .libvirt(let libvirt) = hands else { return }
        try await libvirt.hypervisor.run { connection throws(LibvirtError) in
            try connection.domain(named: domain).undefine([])
            try connection.network(named: network).undefine()
        }
    }
}
