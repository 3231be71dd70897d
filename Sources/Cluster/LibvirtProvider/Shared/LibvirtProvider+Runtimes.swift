import Libvirt
import Planning
import Provisioning
import Synchronization
import TopologyModel

/// What a driver of libvirt's is for, and whether it is there.
enum DriverPresence: Sendable, Hashable {
    case present
    /// Why it is not, for a person.
    case absent(String)

    var reason: String? {
        if case .absent(let reason) = self { return reason }
        return nil
    }
}

extension LibvirtProvider {
    /// Runs libvirt calls where nodes of a runtime live.
    func run<Value: Sendable>(
        on runtime: Runtime,
        _ body: @Sendable (isolated Connection) throws(LibvirtError) -> Value
    ) async throws(ProviderError) -> Value {
        let hypervisor = try await hypervisor(for: runtime)
        do {
            return try await hypervisor.run(body)
        } catch {
            throw ProviderError(error)
        }
    }

    /// The driver for a runtime.
    ///
    /// - Throws: ``ProviderError`` with `.unsupported` where there is none.
    func hypervisor(for runtime: Runtime) async throws(ProviderError) -> Hypervisor {
        if case .absent(let reason) = try await presence(of: runtime) {
            let what = runtime == .container ? "containers" : "virtual machines"
            throw ProviderError(.unsupported, "there can be no \(what): \(reason)")
        }
        return self[runtime]
    }

    /// The runtimes there can be, the one of the given URI first.
    package func presentRuntimes() async throws(ProviderError) -> [Runtime] {
        var present: [Runtime] = []
        for runtime in Runtime.allCases where try await presence(of: runtime) == .present { present.append(runtime) }
        return present
    }

    /// Whether nodes of a runtime can be here; asked once.
    ///
    /// - Throws: when libvirt does not answer: that is not an absence.
    func presence(of runtime: Runtime) async throws(ProviderError) -> DriverPresence {
        if let known = knownPresence.withLock({ $0[runtime] }) { return known }
        let presence = try await askPresence(of: runtime)
        knownPresence.withLock { $0[runtime] = presence }
        return presence
    }

    private func askPresence(of runtime: Runtime) async throws(ProviderError) -> DriverPresence {
        guard let uri = uris.uri(for: runtime) else { return .absent(uris.noContainers) }
        do {
            _ = try await self[runtime].run { connection throws(LibvirtError) in try connection.driver() }
            return .present
        } catch {
            // What the person named must answer; its sister may be not installed.
            guard uri != uris.given, error.isMissingDriver else { throw ProviderError(error) }
            let package = runtime == .vm ? "libvirt-daemon-driver-qemu qemu-system-x86" : "libvirt-daemon-driver-lxc"
            return .absent("\(uri) has no driver; sudo apt-get install \(package)")
        }
    }

    /// Where a node lives that is known by its name: as its domain says, or its storage.
    func runtime(of node: NodeReference) async throws -> Runtime {
        let present = try await presentRuntimes()
        var foreign: Runtime?
        for runtime in present {
            let found = try await run(on: runtime) { connection throws(LibvirtError) -> FoundDomain? in
                try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                    FoundDomain(record: try domain.record())
                }
            }
            if let record = found?.record { return record.runtime }
            if found != nil { foreign = foreign ?? runtime }
        }
        if let foreign { return foreign }
        let hasDirectory = try await offPool { [storage] in storage.exists(node) }
        if present.contains(.container), hasDirectory || !present.contains(.vm) { return .container }
        if present.contains(.vm), try await hasVolumes(node) { return .vm }
        return present.first ?? .container
    }
}

/// A domain that is there, Slipway's or not.
private struct FoundDomain: Sendable {
    var record: NodeRecord?
}
