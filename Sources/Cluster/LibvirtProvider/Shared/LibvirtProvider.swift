import Images
import Libvirt
import Logging
import Planning
import Provisioning
import TopologyModel

/// Nodes and networks as libvirt domains and networks, and directories on this host.
///
/// A metadata element in libvirt marks Slipway's own; anything without it is never touched.
package final class LibvirtProvider: ClusterProvider {
    /// libvirt at the URI given, for networks, which all drivers share.
    let hypervisor: Hypervisor
    private let urgent: Hypervisor
    let uris: ConnectionURIs
    let containers: ContainerBackend
    let machines: VirtualMachineBackend
    let storage: NodeStorage
    let logger: Logger

    /// - Parameters:
    ///   - uri: libvirt's URI, such as `lxc:///system`.
    ///   - home: Slipway's own directory on this host, which holds the nodes' directories.
    ///   - connections: how many libvirt calls may run at once.
    ///   - pool: directory of the storage pool for machines' disks, on libvirt's host; nil for the usual one.
    package init(uri: String, home: String, connections: Int = 8, pool: String? = nil, logger: Logger) {
        let uris = ConnectionURIs(uri)
        let hypervisor = Hypervisor(uri: uri, connections: connections)
        let storage = NodeStorage(home: home)
        func driver(_ runtime: Runtime) -> RuntimeDriver {
            let own = uris.uri(for: runtime) ?? uri
            let isShared = own == uri
            return RuntimeDriver(
                runtime,
                hypervisor: isShared ? hypervisor : Hypervisor(uri: own, connections: connections),
                uris: uris,
            )
        }
        self.uris = uris
        self.hypervisor = hypervisor
        // What the driver for tests has is its connection's alone.
        urgent = uri.hasPrefix("test:") ? hypervisor : Hypervisor(uri: uri, connections: 1)
        self.storage = storage
        self.logger = logger
        containers = ContainerBackend(driver: driver(.container), storage: storage, logger: logger)
        machines = VirtualMachineBackend(
            driver: driver(.vm),
            storage: storage,
            logger: logger,
            poolDirectory: pool ?? Volumes.poolPath,
        )
    }

    /// Closes the connections to libvirt.
    package func close() async {
        for each in [hypervisor, machines.driver.hypervisor, containers.driver.hypervisor, urgent] {
            await each.close()
        }
    }

    /// Back end for the nodes of a runtime.
    func backend(_ runtime: Runtime) -> any NodeBackend {
        switch runtime {
        case .container: containers
        case .vm: machines
        }
    }

    /// Version of libvirt at the other end, as `major * 1_000_000 + minor * 1_000 + release`.
    package func version() async throws(ProviderError) -> UInt {
        try await run { connection throws(LibvirtError) in try connection.version() }
    }

    /// Runtimes that nodes can have on this connection.
    package func presentRuntimes() async throws(ProviderError) -> [Runtime] {
        var present: [Runtime] = []
        for runtime in Runtime.allCases where try await backend(runtime).driver.presence() == .present {
            present.append(runtime)
        }
        return present
    }

    /// Drivers that are present, each hypervisor once.
    func presentDrivers() async throws(ProviderError) -> [RuntimeDriver] {
        var present: [RuntimeDriver] = []
        for driver in try await presentRuntimes().map({ backend($0).driver })
        where !present.contains(where: { $0.hypervisor === driver.hypervisor }) {
            present.append(driver)
        }
        return present
    }

    /// Runs libvirt calls that concern no node, with their errors as the provider's.
    ///
    /// - Parameter isUrgent: whether they must not queue behind calls that take long.
    func run<Value: Sendable>(
        isUrgent: Bool = false,
        _ body: @Sendable (isolated Connection) throws(LibvirtError) -> Value
    ) async throws(ProviderError) -> Value {
        do {
            return try await (isUrgent ? urgent : hypervisor).run(body)
        } catch {
            throw ProviderError(error)
        }
    }

    /// XML of a node's domain; where libvirt cannot be reached, as for a host whose libvirt is as Debian packages it.
    package func domainXML(for node: NodePlan, image: NodeImagePaths) async throws -> String {
        do {
            return try await backend(node.runtime).definition(of: node, image: image).text(phase: .defined)
        } catch let error as ProviderError where error.code == .connection {
            return try usualDefinition(of: node, image: image).text(phase: .defined)
        }
    }

    private func usualDefinition(of node: NodePlan, image: NodeImagePaths) throws -> any DomainDefinition {
        switch node.runtime {
        case .container:
            let directory = storage.directory(of: NodeReference(node))
            return DomainXML(node: node, image: image, directory: directory, images: storage.images, dialect: .usual)
        case .vm:
            let image = try machines.machineImage(image, of: node)
            return VirtualMachineXML(node: node, image: image, poolPath: Volumes.poolPath, dialect: .usualMachines)
        }
    }

    package func networkXML(for network: NetworkPlan) async throws -> String {
        NetworkXML(network: network).text
    }
}

extension ProviderError {
    init(_ error: LibvirtError) {
        let code: Code =
            switch error.code {
            case .connectionLost, .denied: .connection
            case .unsupported: .unsupported
            case .exists: .conflict
            default: .failed
            }
        self.init(code, error.description)
    }
}

extension Connection {
    /// Calls `body` with the domain; returns nil when there is none.
    func ifPresent<Value>(
        domain name: String,
        _ body: (borrowing Domain) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value? {
        do {
            return try body(try domain(named: name))
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// Calls `body` with the network; returns nil when there is none.
    func ifPresent<Value>(
        network name: String,
        _ body: (borrowing Network) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value? {
        do {
            return try body(try network(named: name))
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }
}

extension Domain {
    /// Reads Slipway's record on the domain; nil when the domain is not Slipway's.
    borrowing func record() throws(LibvirtError) -> NodeRecord? {
        try metadata(namespace: NodeRecord.nameSpace).flatMap(NodeRecord.init(metadata:))
    }
}
