import Glibc
import Planning
import Provisioning

/// Nodes' directories as snapshots have them.
extension NodeStorage {
    /// Directory, below a cluster's, of files that were copied out of a snapshot and are not a node's yet.
    private static let staged = ".staged"
    /// Directory, below a cluster's, of what nodes had before they were put back.
    private static let replaced = ".replaced"

    /// What an overlay keeps for itself while it is mounted: it makes it anew.
    private static let scratch: Set<String> = ["work"]

    /// Copies files of a node that runs, of those that it does not change just now.
    func saveEarly(_ node: NodeReference, to pool: String, by copy: TreeCopy) throws {
        try copy.copyEarly(directory(of: node), to: pool)
    }

    /// Copies a node's directory.
    ///
    /// - Parameter pool: directory of what was copied early; nil for none.
    func save(
        _ node: NodeReference,
        to target: String,
        from pool: String? = nil,
        by copy: TreeCopy
    ) throws -> TreeCopy.Sizes {
        guard try content(of: node) != nil else {
            throw ProviderError(.failed, "\(directory(of: node)) is not whole, so there is nothing to keep of it")
        }
        return try copy.copy(directory(of: node), to: target, from: pool, leavingOut: Self.scratch)
    }

    /// Copies a node's directory from a snapshot, beside the one that it has.
    func stage(_ node: NodeReference, from source: String, by copy: TreeCopy) throws {
        try makeClusterDirectory(node.cluster)
        let directory = "\(clusters)/\(node.cluster)/\(Self.staged)"
        try makeDirectory(directory, permissions: 0o700)
        try remove(node.cluster, Self.staged, node.name)
        _ = try copy.copy(source, to: "\(directory)/\(node.name)")
    }

    /// Puts the directory that was staged into the place of the node's.
    func place(_ node: NodeReference) throws {
        let staged = "\(clusters)/\(node.cluster)/\(Self.staged)/\(node.name)"
        guard try isThere(staged) else { throw ProviderError(.failed, "\(staged) is not there") }
        let own = directory(of: node)
        if try isThere(own) {
            let replaced = "\(clusters)/\(node.cluster)/\(Self.replaced)"
            try makeDirectory(replaced, permissions: 0o700)
            try remove(node.cluster, Self.replaced, node.name)
            try rename(own, to: "\(replaced)/\(node.name)")
        }
        try rename(staged, to: own)
    }

    /// Removes what nodes had before, and what was staged and not used.
    func removeReplaced(of cluster: String) throws {
        try remove(cluster, Self.replaced)
        try remove(cluster, Self.staged)
    }

    private func rename(_ source: String, to target: String) throws {
        guard Glibc.rename(source, target) == 0 else {
            throw ProviderError(
                .failed,
                "cannot rename \(source) to \(target)",
                cause: String(cString: strerror(errno))
            )
        }
    }
}
