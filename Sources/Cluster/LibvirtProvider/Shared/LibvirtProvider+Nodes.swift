import Cgroups
import Images
import Libvirt
import NodeBoot
import Planning
import Provisioning
import TopologyModel

extension LibvirtProvider {
    package func allocate(_ node: NodePlan, image: NodeImagePaths) async throws {
        let backend = backend(node.runtime)
        try await backend.driver.refuseForeign(NodeReference(node))
        try await backend.allocate(node, image: image)
    }

    package func checkAllocation(of node: NodePlan, image: NodeImagePaths) async throws {
        try await backend(node.runtime).checkAllocation(of: node, image: image)
    }

    package func define(_ node: NodePlan, image: NodeImagePaths) async throws {
        try await define(node, image: image, isNew: true)
    }

    private func define(_ node: NodePlan, image: NodeImagePaths, isNew: Bool) async throws {
        let backend = backend(node.runtime)
        let definition = try await backend.definition(of: node, image: image)
        let validates = backend.validatesDefinitions
        let isForeign = try await backend.driver.run { connection throws(LibvirtError) in
            isNew
                ? try connection.define(definition, validate: validates)
                : try connection.redefine(definition, validate: validates)
        }
        if isForeign { throw ProviderError.foreign(domain: node.domainName) }
    }

    package func redefine(_ node: NodePlan, image: NodeImagePaths) async throws {
        try await define(node, image: image, isNew: false)
        // What others have given a node that runs, and the file now asks for, is what it is to have in truth.
        try await followLimits(of: NodeReference(node))
    }

    package func start(_ node: NodeReference) async throws {
        let driver = backend(node.runtime).driver
        try await driver.refuseForeign(node)
        try await thawCgroup(of: node)
        try await backend(node.runtime).start(node) {
            try await driver.run { connection throws(LibvirtError) in
                try connection.domain(named: node.domainName).startIfNeeded()
            }
        }
        let record = try await driver.run { connection throws(LibvirtError) in
            try connection.domain(named: node.domainName).record()
        }
        guard let record else { return }
        try await run { connection throws(LibvirtError) in try connection.publishName(of: record) }
    }

    package func stage(_ node: NodePlan) async throws {
        guard node.runtime == .container else {
            throw ProviderError(
                .unsupported,
                "\(node.domainName) is a virtual machine, whose disk lies on its root image"
            )
        }
        try await offPool { [storage] in try storage.stage(node) }
    }

    package func image(of node: NodeReference) async throws -> NodeImageState? {
        guard node.runtime == .container else { return nil }
        return try await offPool { [storage] in
            let boot = storage.boot(of: node)
            return boot.record.map { NodeImageState($0, complaint: boot.complaint) }
        }
    }

    package func isWatched(_ node: NodeReference) async throws -> Bool {
        guard node.runtime == .container else { return true }
        return try await containers.isWatched(node)
    }

    package func stop(_ node: NodeReference, deadline: Duration) async throws -> StopOutcome {
        try await backend(node.runtime).stop(node, deadline: deadline)
    }

    package func powerOff(_ node: NodeReference) async throws {
        try await backend(node.runtime).powerOff(node)
    }

    package func freeze(_ node: NodeReference) async throws {
        let driver = backend(node.runtime).driver
        try await driver.refuseForeign(node)
        do {
            try await driver.run { connection throws(LibvirtError) in
                let domain = try connection.domain(named: node.domainName)
                guard try domain.state().runs else { return }
                try domain.suspend()
            }
        } catch {
            guard try await freezeCgroup(of: node) else { throw error }
        }
    }

    package func thaw(_ node: NodeReference) async throws {
        let driver = backend(node.runtime).driver
        try await driver.refuseForeign(node)
        try await thawCgroup(of: node)
        try await driver.resume(node)
    }

    /// Freezes a container by its own cgroup, where the host has cgroup v2 alone: libvirt knows the freezer of v1 only.
    ///
    /// - Returns: whether there was one to freeze.
    private func freezeCgroup(of node: NodeReference) async throws -> Bool {
        guard node.runtime == .container, CgroupHierarchy.isMounted() else { return false }
        let name = NodeContract.cgroupName(uuid: Identity.uuid(cluster: node.cluster, node: node.name))
        return try await changingCgroup(of: node) {
            try CgroupTree.freeze(named: name, below: CgroupHierarchy.mountPoint)
        }
    }

    private func thawCgroup(of node: NodeReference) async throws {
        guard node.runtime == .container, CgroupHierarchy.isMounted() else { return }
        let name = NodeContract.cgroupName(uuid: Identity.uuid(cluster: node.cluster, node: node.name))
        _ = try await changingCgroup(of: node) {
            try CgroupTree.thaw(named: name, below: CgroupHierarchy.mountPoint)
            return true
        }
    }

    func changingCgroup(
        of node: NodeReference,
        to purpose: String = "pause it, or let it run on",
        _ body: @escaping @Sendable () throws -> Bool,
    ) async throws -> Bool {
        do {
            return try await offPool(body)
        } catch let failure as Failure {
            throw ProviderError(
                .failed,
                "cannot change the cgroup of \(node.domainName) to \(purpose)",
                cause: failure.description
            )
        }
    }

    package func remove(_ node: NodeReference) async throws {
        let backend = backend(node.runtime)
        try await backend.driver.refuseForeign(node)
        try await backend.remove(node)
        try await run { connection throws(LibvirtError) in try connection.withdrawName(of: node) }
    }

    package func removeClusterRemains(_ cluster: String) async throws {
        let nodes = try await observe().nodes(of: cluster).map(\.name)
        guard nodes.isEmpty else {
            throw ProviderError(
                .failed,
                "cluster \(cluster) still has \(nodes.joined(separator: ", ")); its directory is not removed",
            )
        }
        // Virtual machines have no directory; the pool stays, since it has their images.
        guard try await containers.driver.presence() == .present else { return }
        try await offPool { [storage] in
            try storage.deleteCluster(cluster)
            // There is nothing left of which one part could be put back and another not.
            try SnapshotStore(home: storage.home).endRestore(of: cluster)
        }
    }

    package func setAutostart(_ isOn: Bool, of node: NodeReference) async throws {
        let driver = backend(node.runtime).driver
        try await driver.refuseForeign(node)
        try await driver.run { connection throws(LibvirtError) in
            try connection.domain(named: node.domainName).setAutostart(isOn)
        }
    }

    package func setPhase(_ phase: NodePhase, of node: NodeReference) async throws {
        let isOurs = try await backend(node.runtime).driver.run { connection throws(LibvirtError) in
            // A node whose domain someone took away is leaving already.
            if phase == .leaving {
                return try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                    try domain.setPhase(phase)
                } ?? true
            }
            return try connection.domain(named: node.domainName).setPhase(phase)
        }
        if !isOurs { throw ProviderError.foreign(domain: node.domainName) }
    }

    package func recordEtcd(cluster id: String, of node: NodeReference) async throws {
        let isOurs = try await backend(node.runtime).driver.run { connection throws(LibvirtError) in
            try connection.domain(named: node.domainName).change { $0.etcdMark = EtcdHistory.joined(id).mark }
        }
        if !isOurs { throw ProviderError.foreign(domain: node.domainName) }
    }

    package func evidence(for node: NodeReference, lines: Int) async -> [String] {
        await backend(node.runtime).evidence(for: node, lines: lines)
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

extension Connection {
    /// Defines the domain as it was meant, with what is recorded on it.
    ///
    /// - Returns: whether the domain is someone else's, and was left alone.
    fileprivate func redefine(_ definition: any DomainDefinition, validate: Bool) throws(LibvirtError) -> Bool {
        let name = definition.node.domainName
        guard let known = try domain(named: name).record() else { return true }
        var record = definition.record(phase: known.phase).keeping(known)
        record.generation = known.generation
        let xml = definition.document(metadata: record).rendered()
        try defineDomain(xml, name: name, validate: validate).setAutostart(definition.node.autostart)
        // What runs has a record of its own.
        let domain = try domain(named: name)
        if try domain.state().isActive { _ = try domain.change { $0 = record } }
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

    /// Starts the domain, and resumes one that is paused; one that runs, or that another call started meanwhile, is
    /// fine.
    ///
    /// - Returns: whether this call started it.
    fileprivate borrowing func startIfNeeded() throws(LibvirtError) -> Bool {
        let state = try state()
        do {
            switch state {
            case .paused: try resume()
            case .running, .blocked, .shuttingDown, .suspendedByGuest: return false
            case .shutOff, .crashed, .none:
                try start()
                return true
            }
        } catch {
            guard try self.state().runs else { throw error }
        }
        return false
    }
}
