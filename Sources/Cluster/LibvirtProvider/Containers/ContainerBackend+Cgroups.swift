import Cgroups
import FoundationEssentials
import Images
import Logging
import Planning
import Provisioning
import Subprocess
import SystemPackage

extension ContainerBackend {
    /// Kills what is left of a node in its cgroup v2 directory, which libvirt does not know, and removes it.
    func removeCgroups(of node: NodeReference, layers: [String]) async throws {
        let name = NodeContract.cgroupName(uuid: Identity.uuid(cluster: node.cluster, node: node.name))
        guard CgroupHierarchy.isMounted() else {
            return try await removeHiddenCgroup(name, of: node, layers: layers)
        }
        do {
            try await offPool { try CgroupTree.remove(named: [name], below: CgroupHierarchy.mountPoint) }
        } catch let failure as Failure {
            throw ProviderError(
                .failed,
                "cannot remove what \(node.domainName) left in its cgroup",
                cause: failure.description,
            )
        }
    }

    /// Removes it where the host has cgroup v1, and v2 is mounted nowhere or in another place.
    ///
    /// The container's own init does it: it can look at the cgroup v2 tree without mounting anything that others see.
    private func removeHiddenCgroup(_ name: String, of node: NodeReference, layers: [String]) async throws {
        let candidates = layers.map { "\($0)/\(NodeContract.initInLayer)" }
        guard let program = candidates.first(where: FileManager.default.isExecutableFile) else {
            // No node programs: either the node was never defined, so that it never ran, or its image was taken away.
            if !layers.isEmpty {
                logger.warning("cannot search for the remains of \(node.domainName): its image is gone")
            }
            return
        }
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: [NodeContract.cgroupRemoval, name],
            output: .discarded,
            error: .string(limit: 4096),
        )
        guard result.terminationStatus.isSuccess else {
            throw ProviderError(
                .failed,
                "cannot remove what \(node.domainName) left in its cgroup; run \(program) \(NodeContract.cgroupRemoval) \(name)",
                cause: result.standardError,
            )
        }
    }
}
