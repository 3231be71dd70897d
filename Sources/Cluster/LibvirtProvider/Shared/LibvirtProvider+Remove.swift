import Images
import Libvirt
import Planning
import Provisioning
import TopologyModel

extension LibvirtProvider {
    package func remove(_ node: NodeReference) async throws {
        let runtime = try await runtime(of: node)
        try await refuseForeign(node, runtime)
        if runtime == .vm {
            try await powerOff(node)
            // Volumes first: a domain made anew never starts with a removed node's data.
            try await removeVolumes(of: node)
            try await undefine(node, runtime)
            // Another host's log stays there: libvirt has no call for it.
            if try await isTestDriver(.vm) || uris.isRemote { return }
            return try await offPool { try ContainerRemains().remove(machine: node.domainName) }
        }
        let layers = try await layerPaths(of: node)
        try await powerOff(node)
        try await removeCgroups(of: node, layers: layers)
        // From here on the directory is remains, so that a domain made anew never starts with a removed node's data.
        try await offPool { [storage] in try storage.forget(node) }
        try await undefine(node, runtime)
        if case .test = try await driver() {
        } else {
            try await offPool { try ContainerRemains().remove(domain: node.domainName) }
        }
        try await offPool { [storage] in try storage.delete(node) }
    }

    package func removeClusterRemains(_ cluster: String) async throws {
        let nodes = try await observe().nodes(of: cluster).map(\.name)
        guard nodes.isEmpty else {
            throw ProviderError(
                .failed,
                "cluster \(cluster) still has \(nodes.joined(separator: ", ")); its directory is not removed",
            )
        }
        // Of machines nothing is left but the pool, which has their images.
        guard try await presence(of: .container) == .present else { return }
        try await offPool { [storage] in try storage.deleteCluster(cluster) }
    }

    private func undefine(_ node: NodeReference, _ runtime: Runtime) async throws {
        try await run(on: runtime) { connection throws(LibvirtError) in
            let flags = try connection.undefineFlags()
            _ = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.undefine(flags)
            }
        }
    }

    /// Where the node's programs lay on this host: as its domain says, and as its directory says.
    ///
    /// - Throws: for a domain whose files lie below another home, where they would be left behind.
    private func layerPaths(of node: NodeReference) async throws -> [String] {
        let seen = try await run(on: .container) { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in try domain.seen() }
        }
        if let obstacle = try seen?.read().obstacle(storage) { throw ProviderError(.conflict, obstacle.description) }
        let entries = try await offPool { [storage] in try storage.list() }.entries
        let content = entries.first { $0.reference == node }?.content
        return [try seen?.layerPath() ?? nil, content?.layerPath].compactMap(\.self)
    }
}

extension SeenDomain {
    /// The host's directory that the node programs come from.
    fileprivate func layerPath() throws -> String? { try source(of: NodeContract.layerTarget) }
}
