import Libvirt
import Logging
import NodeBoot
import Planning
import Provisioning
import TopologyModel

/// Time that a container whose process 1 was killed may take to be gone before libvirt is asked to end it. Mostly it
/// takes 0.3 s; at times libvirt does not notice, and a destroy then is done at once.
private let killTimeout = Duration.seconds(1)

/// Nodes as containers of libvirt's LXC driver, with directories on this host.
struct ContainerBackend: NodeBackend {
    let driver: RuntimeDriver
    let storage: NodeStorage
    let logger: Logger

    var validatesDefinitions: Bool { false }
    var shutdownInterval: Duration { .seconds(1) }

    func definition(of node: NodePlan, image: NodeImagePaths) async throws -> any DomainDefinition {
        DomainXML(
            node: node,
            image: image,
            directory: storage.directory(of: NodeReference(node)),
            images: storage.images,
            dialect: try await driver.dialect(),
        )
    }

    func allocate(_ node: NodePlan, image: NodeImagePaths) async throws {
        let reference = NodeReference(node)
        let isRunning = try await driver.isActive(reference)
        if isRunning {
            let (present, booted) = try await offPool { [storage] in
                (try storage.content(of: reference)?.record, storage.boot(of: reference).record?.booted)
            }
            guard present?.baseDigest == node.baseDigest, booted?.root ?? present?.image.root == node.image.root else {
                throw ProviderError(
                    .failed,
                    "\(node.domainName) runs, and its directory \(storage.directory(of: reference)) would have to be "
                        + "made anew; stop or remove the node first",
                )
            }
        }
        try await offPool { [storage] in try storage.create(node, image: image, isRunning: isRunning) }
    }

    /// A directory can always be brought up to date while the node is off, but for a root with other accounts.
    func checkAllocation(of node: NodePlan, image: NodeImagePaths) async throws {
        try await offPool { [storage] in try storage.checkRoot(of: node, image: image) }
    }

    /// systemd takes SIGTERM as process 1 for a request to be re-executed; SIGRTMIN+3 starts `halt.target`.
    func requestShutdown(_ node: NodeReference) async throws -> Bool {
        try await signal(.realTime(3), node)
    }

    /// The kernel kills all of a container with its process 1, in milliseconds. libvirt's own way first asks the
    /// processes to end for 1.6 s, which systemd does not do.
    func kill(_ node: NodeReference) async throws -> Bool {
        try await waitForStop(of: node, within: killTimeout) { try await signal(.kill, node) } == .stopped
    }

    /// Sends process 1 a signal; the caller waits for its effect. A kill that does not reach it is done by force.
    ///
    /// - Returns: false when process 1 was not found, neither below the supervisor nor by libvirt.
    private func signal(_ signal: DomainSignal, _ node: NodeReference) async throws -> Bool {
        // libvirt's driver for tests accepts signals and does nothing.
        guard try await !driver.dialect().isSimulated else {
            try await driver.destroy(node)
            return true
        }
        let supervisorPID = try await driver.run { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in domain.id } ?? nil
        }
        guard let supervisorPID else { return true }
        // Through the supervisor, because libvirt 9.0 at times does not learn of a container's first process, or takes
        // that of an earlier start for it.
        let process = ContainerProcess(supervisorPID: supervisorPID, domain: node.domainName)
        switch try await offPool({ process.signal(signal.number) }) {
        case .sent: return true
        case .ended:
            // libvirt at times does not see that a container has ended.
            try await driver.destroy(node)
            return true
        case .unknown: break
        }
        let isSent = try await driver.run { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.signal(signal)
            }
        }
        if isSent == false, signal == .kill { try await driver.destroy(node) }
        return isSent != false
    }
}

extension Domain {
    /// Sends process 1 a signal by way of libvirt; a domain that stopped meanwhile is fine.
    ///
    /// - Returns: false when the domain runs, and libvirt cannot reach its process 1.
    fileprivate borrowing func signal(_ signal: DomainSignal) throws(LibvirtError) -> Bool {
        do {
            try send(signal)
            return true
        } catch {
            guard error.code != .connectionLost, error.code != .denied else { throw error }
            return try !state().isActive
        }
    }
}
