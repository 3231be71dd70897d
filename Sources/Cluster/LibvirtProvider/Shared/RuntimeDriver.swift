import Basics
import Libvirt
import Planning
import Provisioning
import Synchronization
import TopologyModel

/// Presence of a libvirt driver.
enum DriverPresence: Sendable, Hashable {
    case present
    /// With the reason, for people.
    case absent(String)

    var reason: String? {
        if case .absent(let reason) = self { return reason }
        return nil
    }
}

/// libvirt's driver for the nodes of one runtime.
///
/// Containers and virtual machines share one hypervisor where the connection has one driver for both.
final class RuntimeDriver: Sendable {
    let runtime: Runtime
    let hypervisor: Hypervisor
    let uris: ConnectionURIs
    let knownPresence = Mutex<DriverPresence?>(nil)
    private let knownDialect = Mutex<DriverDialect?>(nil)

    init(_ runtime: Runtime, hypervisor: Hypervisor, uris: ConnectionURIs) {
        self.runtime = runtime
        self.hypervisor = hypervisor
        self.uris = uris
    }

    /// Runs libvirt calls, with their errors as the provider's.
    ///
    /// - Throws: ``ProviderError`` with `.unsupported` where the driver is absent.
    func run<Value: Sendable>(
        _ body: @Sendable (isolated Connection) throws(LibvirtError) -> Value
    ) async throws(ProviderError) -> Value {
        if case .absent(let reason) = try await presence() {
            let what = runtime == .container ? "containers" : "virtual machines"
            throw ProviderError(.unsupported, "\(what) are not available on this connection: \(reason)")
        }
        do {
            return try await hypervisor.run(body)
        } catch {
            throw ProviderError(error)
        }
    }

    /// Presence of the driver; libvirt is asked once.
    ///
    /// - Throws: when libvirt does not answer, which is no absence.
    func presence() async throws(ProviderError) -> DriverPresence {
        if let known = knownPresence.withLock({ $0 }) { return known }
        let presence = try await askPresence()
        knownPresence.withLock { $0 = presence }
        return presence
    }

    private func askPresence() async throws(ProviderError) -> DriverPresence {
        guard let uri = uris.uri(for: runtime) else { return .absent(uris.noContainers) }
        do {
            _ = try await hypervisor.run { connection throws(LibvirtError) in try connection.driver() }
            return .present
        } catch {
            // The URI that was given has to answer; the one derived from it may not be installed.
            guard uri != uris.given, error.isMissingDriver else { throw ProviderError(error) }
            let packages =
                runtime == .vm
                ? "libvirt-daemon-driver-qemu \(Architecture.current.emulatorPackage)" : "libvirt-daemon-driver-lxc"
            return .absent("\(uri) has no driver; sudo apt-get install \(packages)")
        }
    }

    /// Dialect of the driver; libvirt is asked once.
    ///
    /// - Throws: ``ProviderError`` with `.unsupported` for a driver that cannot run nodes of this runtime.
    func dialect() async throws -> DriverDialect {
        if let known = knownDialect.withLock({ $0 }) { return known }
        let (name, capabilities) = try await run { connection throws(LibvirtError) in
            (try connection.driver(), try connection.capabilities())
        }
        guard let dialect = try DriverDialect(runtime, driver: name, capabilities: capabilities) else {
            throw ProviderError(
                .unsupported,
                "\(uris.given) runs no containers (its driver is \(name)); give --connect lxc:///system",
            )
        }
        knownDialect.withLock { $0 = dialect }
        return dialect
    }

    /// Returns whether domains are processes of this host, with their files and sockets on it.
    func hasDomainsHere() async throws -> Bool {
        guard !uris.isRemote else { return false }
        return try await !dialect().isSimulated
    }
}

// MARK: Domains of nodes

extension RuntimeDriver {
    /// Returns whether the node's domain exists and has processes.
    func isActive(_ node: NodeReference) async throws -> Bool {
        try await activeState(of: node) != nil
    }

    /// Lets a paused domain run on; one that is not paused any more, or gone, is left as it is.
    func resume(_ node: NodeReference) async throws {
        try await run { connection throws(LibvirtError) in
            _ = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                do throws(LibvirtError) {
                    try domain.resume()
                } catch {
                    guard error.code == .wrongState else { throw error }
                }
            }
        }
    }

    /// State of the node's domain; nil where it does not exist or has no processes.
    func activeState(of node: NodeReference) async throws -> DomainState? {
        try await run { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                let state = try domain.state()
                return state.isActive ? state : nil
            } ?? nil
        }
    }

    /// Throws when the domain of that name is not Slipway's.
    func refuseForeign(_ node: NodeReference) async throws {
        let isOurs = try await run { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.record() != nil
            }
        }
        if isOurs == false { throw ProviderError.foreign(domain: node.domainName) }
    }

    /// Ends the domain by force; one that does not exist or has ended is fine.
    func destroy(_ node: NodeReference) async throws {
        try await run { connection throws(LibvirtError) in
            _ = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.destroyIfActive()
            }
        }
    }

    /// Removes the domain's definition; a domain that does not exist is fine.
    func undefine(_ node: NodeReference) async throws {
        try await run { connection throws(LibvirtError) in
            let flags = try connection.undefineFlags()
            _ = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.undefine(flags)
            }
        }
    }
}

extension ProviderError {
    static func foreign(domain: String) -> ProviderError {
        ProviderError(
            .conflict,
            "domain \(domain) exists and is not Slipway's; rename or remove it (virsh dumpxml \(domain)), "
                + "or give the cluster another name",
        )
    }
}

extension Domain {
    fileprivate borrowing func destroyIfActive() throws(LibvirtError) {
        do {
            try destroy()
        } catch {
            guard error.code == .wrongState else { throw error }
        }
    }
}
