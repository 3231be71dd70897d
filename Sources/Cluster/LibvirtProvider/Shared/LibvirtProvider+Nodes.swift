import Libvirt
import Planning
import Provisioning
import TopologyModel

extension LibvirtProvider {
    package func allocate(_ node: NodePlan, image: NodeImagePaths) async throws {
        let reference = NodeReference(node)
        try await refuseForeign(reference, node.runtime)
        if node.runtime == .vm { return try await allocateMachine(node, image: image) }
        if try await isActive(reference, node.runtime) {
            let present = try await offPool { [storage] in try storage.content(of: reference) }
            guard present?.record.baseDigest == node.baseDigest else {
                throw ProviderError(
                    .failed,
                    "\(node.domainName) runs, and its directory \(storage.directory(of: reference)) would have to be "
                        + "made anew; stop or remove the node first",
                )
            }
        }
        try await offPool { [storage] in try storage.create(node, image: image) }
    }

    package func define(_ node: NodePlan, image: NodeImagePaths) async throws {
        let definition = try await definition(of: node, image: image)
        let isMachine = node.runtime == .vm
        let isForeign = try await run(on: node.runtime) { connection throws(LibvirtError) in
            try connection.define(definition, validate: isMachine)
        }
        if isForeign { throw Self.foreign(node.domainName) }
    }

    package func start(_ node: NodeReference) async throws {
        let runtime = try await runtime(of: node)
        try await refuseForeign(node, runtime)
        try await run(on: runtime) { connection throws(LibvirtError) in
            try connection.domain(named: node.domainName).startIfNeeded()
        }
    }

    package func setAutostart(_ isOn: Bool, of node: NodeReference) async throws {
        let runtime = try await runtime(of: node)
        try await refuseForeign(node, runtime)
        try await run(on: runtime) { connection throws(LibvirtError) in
            try connection.domain(named: node.domainName).setAutostart(isOn)
        }
    }

    package func setPhase(_ phase: NodePhase, of node: NodeReference) async throws {
        let isOurs = try await run(on: runtime(of: node)) { connection throws(LibvirtError) in
            // A node whose domain someone took away is leaving already.
            if phase == .leaving {
                return try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                    try domain.setPhase(phase)
                } ?? true
            }
            return try connection.domain(named: node.domainName).setPhase(phase)
        }
        if !isOurs { throw Self.foreign(node.domainName) }
    }

    package func recordEtcd(cluster id: String, of node: NodeReference) async throws {
        let isOurs = try await run(on: runtime(of: node)) { connection throws(LibvirtError) in
            try connection.domain(named: node.domainName).change { $0.etcdMark = EtcdHistory.joined(id).mark }
        }
        if !isOurs { throw Self.foreign(node.domainName) }
    }

    /// Whether the node's domain is there and has processes.
    func isActive(_ node: NodeReference, _ runtime: Runtime) async throws -> Bool {
        try await activeState(of: node, runtime) != nil
    }

    /// State of the node's domain; nil where it is not there or has no processes.
    func activeState(of node: NodeReference, _ runtime: Runtime) async throws -> DomainState? {
        try await run(on: runtime) { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                let state = try domain.state()
                return state.isActive ? state : nil
            } ?? nil
        }
    }

    /// Throws when the domain of that name is someone else's.
    func refuseForeign(_ node: NodeReference, _ runtime: Runtime) async throws {
        let isOurs = try await run(on: runtime) { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.record() != nil
            }
        }
        if isOurs == false { throw Self.foreign(node.domainName) }
    }

    static func foreign(_ domain: String) -> ProviderError {
        ProviderError(
            .conflict,
            "domain \(domain) exists and is not Slipway's; rename or remove it (virsh dumpxml \(domain)), "
                + "or give the cluster another name",
        )
    }
}

extension Connection {
    /// Defines the domain unless it is as it should be.
    ///
    /// - Returns: whether the domain is someone else's, and was left alone.
    fileprivate func define(
        _ definition: any DomainDefinition,
        validate: Bool
    ) throws(LibvirtError) -> Bool {
        let name = definition.node.domainName
        var record = definition.record(phase: .defined)
        let present = try ifPresent(domain: name) { domain throws(LibvirtError) in
            PresentDomain(record: try domain.record(), isPersistent: try domain.isPersistent())
        }
        if let present {
            guard var known = present.record else { return true }
            let isLeaving = known.phase == .leaving
            record = record.keeping(known)
            known.phase = record.phase
            if known == record, !isLeaving, present.isPersistent {
                try domain(named: name).setAutostart(definition.node.autostart)
                return false
            }
        }
        let xml = definition.document(metadata: record).rendered()
        try defineDomain(xml, name: name, validate: validate).setAutostart(definition.node.autostart)
        return false
    }
}

/// A domain as ``LibvirtProvider/define(_:image:)`` finds it.
private struct PresentDomain: Sendable {
    var record: NodeRecord?
    /// False for a domain whose definition was removed while it ran.
    var isPersistent: Bool
}

extension Domain {
    /// - Returns: whether the domain is Slipway's; one that is not is left alone.
    fileprivate borrowing func setPhase(_ phase: NodePhase) throws(LibvirtError) -> Bool {
        try change { $0.phase = phase }
    }

    /// Changes what is written onto the domain.
    ///
    /// - Returns: whether the domain is Slipway's; one that is not is left alone.
    fileprivate borrowing func change(_ body: (inout NodeRecord) -> Void) throws(LibvirtError) -> Bool {
        guard let present = try record() else { return false }
        var record = present
        body(&record)
        if record != present {
            let element = record.element(qualified: false).rendered()
            try setMetadata(element, prefix: NodeRecord.prefix, namespace: NodeRecord.nameSpace)
        }
        return true
    }

    /// Starts the domain, and resumes one that is paused; one that runs, or that another call started meanwhile, is fine.
    fileprivate borrowing func startIfNeeded() throws(LibvirtError) {
        let state = try state()
        do {
            switch state {
            case .paused: try resume()
            case .running, .blocked, .shuttingDown, .suspendedByGuest: return
            case .shutOff, .crashed, .none: try start()
            }
        } catch {
            guard try self.state().runs else { throw error }
        }
    }
}
