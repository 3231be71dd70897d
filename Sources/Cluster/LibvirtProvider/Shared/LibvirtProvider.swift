import Images
import Libvirt
import Logging
import Planning
import Provisioning
import Synchronization
import TopologyModel

/// Nodes and networks as libvirt domains and networks, and directories on this host.
///
/// What is Slipway's is marked in libvirt itself, by a metadata element; whatever lacks the mark is never touched.
package final class LibvirtProvider: NodeProvider {
    /// libvirt at the URI given: for networks, which all drivers share.
    let hypervisor: Hypervisor
    private let machineHypervisor: Hypervisor
    private let containerHypervisor: Hypervisor
    private let urgent: Hypervisor
    let uris: ConnectionURIs
    let uploads = ImageUploads()
    let knownPresence = Mutex<[Runtime: DriverPresence]>([:])
    let storage: NodeStorage
    let logger: Logger
    private let knownDriver = Mutex<ContainerDriver?>(nil)

    /// - Parameters:
    ///   - uri: libvirt's URI, such as `lxc:///system`.
    ///   - home: Slipway's own directory on this host, which holds the nodes' directories.
    ///   - connections: how many libvirt calls may run at once.
    package init(uri: String, home: String, connections: Int = 8, logger: Logger) {
        uris = ConnectionURIs(uri)
        let hypervisor = Hypervisor(uri: uri, connections: connections)
        func sister(_ own: String?) -> Hypervisor {
            own == nil || own == uri ? hypervisor : Hypervisor(uri: own ?? uri, connections: connections)
        }
        self.hypervisor = hypervisor
        machineHypervisor = sister(uris.machines)
        containerHypervisor = sister(uris.containers)
        // What the driver for tests has is its connection's alone.
        urgent = uri.hasPrefix("test:") ? hypervisor : Hypervisor(uri: uri, connections: 1)
        storage = NodeStorage(home: home)
        self.logger = logger
    }

    /// Closes the connections to libvirt.
    package func close() async {
        for each in [hypervisor, machineHypervisor, containerHypervisor, urgent] { await each.close() }
    }

    subscript(runtime: Runtime) -> Hypervisor {
        switch runtime {
        case .container: containerHypervisor
        case .vm: machineHypervisor
        }
    }

    /// Runs libvirt calls that concern no node, with their errors as the provider's.
    ///
    /// - Parameter isUrgent: whether they must not wait until calls are over that take long.
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

    /// How containers are made here; asked once.
    func driver() async throws -> ContainerDriver {
        if let known = knownDriver.withLock({ $0 }) { return known }
        let (name, capabilities) = try await run(on: .container) { connection throws(LibvirtError) in
            (try connection.driver(), try connection.capabilities())
        }
        guard let driver = try ContainerDriver(driver: name, capabilities: capabilities) else {
            throw ProviderError(
                .unsupported,
                "\(hypervisor.uri) runs no containers (its driver is \(name)); give --connect lxc:///system",
            )
        }
        knownDriver.withLock { $0 = driver }
        return driver
    }

    /// Whether it is libvirt's driver for tests, which only pretends.
    func isTestDriver(_ runtime: Runtime) async throws -> Bool {
        try await run(on: runtime) { connection throws(LibvirtError) in try connection.driver() } == "TEST"
    }

    /// The XML of a node.
    func definition(of node: NodePlan, image: NodeImagePaths) async throws -> any DomainDefinition {
        switch node.runtime {
        case .container:
            let directory = storage.directory(of: NodeReference(node))
            return DomainXML(node: node, image: image, directory: directory, driver: try await driver())
        case .vm:
            return VirtualMachineXML(
                node: node,
                image: try machineImage(image, of: node),
                poolPath: try await poolPath(),
                isTest: try await isTestDriver(.vm),
            )
        }
    }

    package func domainXML(for node: NodePlan, image: NodeImagePaths) async throws -> String {
        try await definition(of: node, image: image).text(phase: .defined)
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
    /// What Slipway wrote onto the domain; nil when it is not Slipway's.
    borrowing func record() throws(LibvirtError) -> NodeRecord? {
        try metadata(namespace: NodeRecord.nameSpace).flatMap(NodeRecord.init(metadata:))
    }
}
