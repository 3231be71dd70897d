import Cgroups
import Images
import Libvirt
import NodeBoot
import Planning
import Provisioning
import TopologyModel

/// Bounds of nodes that run, until they are lifted or the node is off.
extension LibvirtProvider {
    package func limitProcessor(of node: NodeReference, to percent: Int?) async throws {
        try await withActive(node) { domain throws(LibvirtError) in try domain.limitProcessor(percent) }
        try await followLimits(of: node)
    }

    package func limitMemory(of node: NodeReference, to percent: Int?) async throws {
        try await withActive(node) { domain throws(LibvirtError) in try domain.limitMemory(percent) }
        try await followLimits(of: node)
    }

    package func setMemory(of node: NodeReference, to mebibytes: Int) async throws {
        try await withActive(node) { domain throws(LibvirtError) in try domain.setMemory(mebibytes: mebibytes) }
        try await followLimits(of: node)
    }

    /// Where there is cgroup v2 alone, a container's cgroup lies beside the one whose limits libvirt changes.
    func followLimits(of node: NodeReference) async throws {
        guard node.runtime == .container, CgroupHierarchy.isMounted() else { return }
        let name = NodeContract.cgroupName(uuid: Identity.uuid(cluster: node.cluster, node: node.name))
        _ = try await changingCgroup(of: node, to: "change its limits") {
            try CgroupLimits.follow(named: name, below: CgroupHierarchy.mountPoint)
        }
    }

    package func limitDisk(of node: NodeReference, to limit: DiskLimit?) async throws {
        let bound = limit ?? DiskLimit(bytesPerSecond: 0, operationsPerSecond: 0)
        guard node.runtime == .container else {
            return try await withActive(node) { domain throws(LibvirtError) in
                try domain.limitDisk(
                    VirtualMachineXML.rootDisk,
                    bytesPerSecond: bound.bytesPerSecond,
                    operationsPerSecond: bound.operationsPerSecond,
                )
            }
        }
        let directory = storage.directory(of: node)
        guard let device = try await offPool({ try BlockDevice.holding(directory) }) else { return }
        guard CgroupHierarchy.isMounted() else {
            return try await withActive(node) { domain throws(LibvirtError) in
                try domain.limitDevice(
                    device.path,
                    bytesPerSecond: bound.bytesPerSecond,
                    operationsPerSecond: bound.operationsPerSecond,
                )
            }
        }
        // Where there is cgroup v2 alone, a node's cgroup lies beside the one that libvirt would bound.
        let name = NodeContract.cgroupName(uuid: Identity.uuid(cluster: node.cluster, node: node.name))
        _ = try await changingCgroup(of: node, to: "bound its disk") {
            try CgroupTree.limitDisk(
                device.number,
                bytesPerSecond: limit?.bytesPerSecond,
                operationsPerSecond: limit?.operationsPerSecond,
                named: name,
                below: CgroupHierarchy.mountPoint,
            )
        }
    }

    package func bounds(of node: NodeReference) async throws -> [String] {
        let driver = backend(node.runtime).driver
        var found = try await driver.run { connection throws(LibvirtError) -> [String] in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) -> [String] in
                guard try domain.state().isActive else { return [] }
                let isSlow = try domain.isProcessorBounded()
                let hasSlowDisk =
                    try node.runtime == .vm
                    ? domain.isDiskBounded(VirtualMachineXML.rootDisk) : domain.areDevicesBounded()
                return (isSlow ? [Self.boundProcessor] : []) + (hasSlowDisk ? [Self.boundDisk] : [])
            } ?? []
        }
        guard node.runtime == .container, CgroupHierarchy.isMounted() else { return found }
        let name = NodeContract.cgroupName(uuid: Identity.uuid(cluster: node.cluster, node: node.name))
        let isBound = try await offPool { CgroupTree.isDiskBounded(named: name, below: CgroupHierarchy.mountPoint) }
        if isBound { found.append(Self.boundDisk) }
        return found
    }

    private static let boundProcessor = "its processor time is bounded"
    private static let boundDisk = "its disk is bounded"

    /// Does something to a node's domain, unless that is off or gone.
    private func withActive(
        _ node: NodeReference,
        _ body: @escaping @Sendable (borrowing Domain) throws(LibvirtError) -> Void,
    ) async throws {
        let driver = backend(node.runtime).driver
        try await driver.refuseForeign(node)
        try await driver.run { connection throws(LibvirtError) in
            _ = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                guard try domain.state().isActive else { return }
                try body(domain)
            }
        }
    }
}
