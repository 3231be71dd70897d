import Images
import Libvirt
import Planning
import Provisioning

extension ContainerBackend {
    func remove(_ node: NodeReference) async throws {
        let layers = try await layerPaths(of: node)
        try await powerOff(node)
        let isSimulated = try await driver.dialect().isSimulated
        if !isSimulated { try await removeCgroups(of: node, layers: layers) }
        // From here on the directory counts as remains, so that a new domain never starts with a removed node's data.
        try await offPool { [storage] in try storage.forget(node) }
        try await driver.undefine(node)
        if !isSimulated { try await offPool { try ContainerRemains().remove(domain: node.domainName) } }
        try await offPool { [storage] in try storage.delete(node) }
    }

    /// Directories of the node's programs on this host, by its domain's definition and by its own record.
    ///
    /// - Throws: for a domain whose files lie below another home, where they would be left behind.
    private func layerPaths(of node: NodeReference) async throws -> [String] {
        let seen = try await driver.run { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in try domain.seen() }
        }
        if let obstacle = try seen?.read().obstacle(storage) { throw ProviderError(.conflict, obstacle.description) }
        let entries = try await offPool { [storage] in try storage.list() }.entries
        let content = entries.first { $0.reference == node }?.content
        return [try seen?.layerPath() ?? nil, content?.layerPath].compactMap(\.self)
    }
}

extension SeenDomain {
    /// Directory on the host that the node programs come from.
    fileprivate func layerPath() throws -> String? { try source(of: NodeContract.layerTarget) }
}
