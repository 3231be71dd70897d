import Images
import Libvirt
import Logging
import Planning
import Provisioning
import Synchronization
import Topology

/// Nodes and networks as libvirt domains and networks, and directories on this host.
///
/// What is Slipway's is marked in libvirt itself, by a metadata element; whatever lacks the mark is never touched.
package final class LibvirtProvider: NodeProvider {
    let hypervisor: Hypervisor
    let storage: NodeStorage
    let logger: Logger
    private let knownDriver = Mutex<ContainerDriver?>(nil)

    /// - Parameters:
    ///   - uri: libvirt's URI, such as `lxc:///system`.
    ///   - home: Slipway's own directory on this host, which holds the nodes' directories.
    ///   - connections: how many libvirt calls may run at once.
    package init(uri: String, home: String, connections: Int = 8, logger: Logger) {
        hypervisor = Hypervisor(uri: uri, connections: connections)
        storage = NodeStorage(home: home)
        self.logger = logger
    }

    /// Closes the connections to libvirt.
    package func close() async {
        await hypervisor.close()
    }

    /// Runs libvirt calls, with their errors as the provider's.
    func run<Value: Sendable>(
        _ body: @Sendable (isolated Connection) throws(LibvirtError) -> Value
    ) async throws(ProviderError) -> Value {
        do {
            return try await hypervisor.run(body)
        } catch {
            throw ProviderError(error)
        }
    }

    /// How containers are made here; asked once.
    func driver() async throws -> ContainerDriver {
        if let known = knownDriver.withLock({ $0 }) { return known }
        let (name, capabilities) = try await run { connection throws(LibvirtError) in
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

    /// The XML of a node, once it is known to be a container.
    func definition(of node: NodePlan, image: NodeImagePaths) async throws -> DomainXML {
        guard node.runtime == .container else {
            throw ProviderError(.unsupported, "\(node.domainName) is to be a virtual machine: not supported yet")
        }
        let directory = storage.directory(of: NodeReference(node))
        return DomainXML(node: node, image: image, directory: directory, driver: try await driver())
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
