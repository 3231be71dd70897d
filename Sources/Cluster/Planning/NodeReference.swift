import TopologyModel

/// Identity of a node: what names its domain, and the runtime that its domain belongs to.
package struct NodeReference: Sendable, Hashable {
    /// Name of the cluster.
    package var cluster: String
    /// Name of the node.
    package var name: String
    /// Container or virtual machine.
    package var runtime: Runtime

    package init(cluster: String, name: String, runtime: Runtime) {
        self.cluster = cluster
        self.name = name
        self.runtime = runtime
    }

    /// Refers to a planned, recorded or observed node.
    package init(_ node: some SpecifiedNode) {
        self.init(cluster: node.cluster, name: node.name, runtime: node.runtime)
    }

    /// libvirt's name of the node.
    package var domainName: String { Identity.domainName(cluster: cluster, node: name) }
}
