import FoundationEssentials
import Images
import Logging
import Planning
import Provisioning
import Subprocess
import SystemPackage

extension LibvirtProvider {
    /// Kills what is left of a node in its cgroup v2 directory, which libvirt does not know, and removes it.
    ///
    /// The container's own init does it: it can look at the cgroup v2 tree without mounting anything that others see.
    func removeCgroups(of node: NodeReference, layers: [String]) async throws {
        if case .test = try await driver() { return }
        let candidates = layers.map { "\($0)/\(NodeContract.initInLayer)" }
        guard let program = candidates.first(where: FileManager.default.isExecutableFile) else {
            // No node programs: either the node was never defined, so that it never ran, or its image was taken away.
            if !layers.isEmpty {
                logger.warning("cannot look for what \(node.domainName) left: its image is gone")
            }
            return
        }
        let name = NodeContract.cgroupName(uuid: Identity.uuid(cluster: node.cluster, node: node.name))
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: ["--remove-cgroup", name],
            output: .discarded,
            error: .string(limit: 4096),
        )
        guard result.terminationStatus.isSuccess else {
            throw ProviderError(
                .failed,
                "cannot remove what \(node.domainName) left in its cgroup; run \(program) --remove-cgroup \(name)",
                cause: result.standardError,
            )
        }
    }
}
