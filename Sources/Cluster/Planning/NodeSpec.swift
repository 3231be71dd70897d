import TopologyModel

/// The facts that a node's plan, its record and its observation have in common.
package struct NodeSpec: Sendable, Hashable, Codable {
    /// Name of the cluster.
    package var cluster: String
    /// The node's name, which is its host name: `worker-2`.
    package var name: String
    /// Name of the role.
    package var role: String
    /// The node's number in its role, from 1.
    package var index: Int
    /// Container or virtual machine.
    package var runtime: Runtime
    /// Part that the node has in etcd.
    package var etcd: EtcdRole
    /// Changes with what cannot be changed on a node that exists: runtime, root image, address; empty where unknown.
    package var baseDigest: String
    /// Changes with what a restart can bring to a node: cloud-config, resources, node programs; empty where unknown.
    package var configDigest: String
    /// Number of the plan that made the node, of those that changed the cluster.
    package var generation: Int
    /// Generation of the node's certificates; nil where it has none.
    package var certificates: CertificateGeneration?

    package init(
        cluster: String,
        name: String,
        role: String,
        index: Int,
        runtime: Runtime = .container,
        etcd: EtcdRole = .none,
        baseDigest: String = "",
        configDigest: String = "",
        generation: Int = 0,
        certificates: CertificateGeneration? = nil,
    ) {
        self.cluster = cluster
        self.name = name
        self.role = role
        self.index = index
        self.runtime = runtime
        self.etcd = etcd
        self.baseDigest = baseDigest
        self.configDigest = configDigest
        self.generation = generation
        self.certificates = certificates
    }
}

/// A node with a spec, whose facts are read and written as if they were the node's own: `node.role`.
@dynamicMemberLookup
package protocol SpecifiedNode: Sendable, Hashable {
    /// Facts that every form of the node has.
    var spec: NodeSpec { get set }
}

extension SpecifiedNode {
    /// A fact of the spec.
    package subscript<Value>(dynamicMember fact: WritableKeyPath<NodeSpec, Value>) -> Value {
        get { spec[keyPath: fact] }
        set { spec[keyPath: fact] = newValue }
    }

    /// libvirt's name of the domain: `production.worker-2`.
    package var domainName: String { Identity.domainName(cluster: spec.cluster, node: spec.name) }
}

/// A node that is coded as one object, with the keys of its spec beside those of its details.
package protocol CodedNode: SpecifiedNode, Codable {
    /// Facts beside the spec's.
    associatedtype Details: Codable & Sendable & Hashable
    /// Facts beside the spec's.
    var details: Details { get set }
    /// A node of these facts.
    init(spec: NodeSpec, details: Details)
}

extension CodedNode {
    /// One of the details.
    package subscript<Value>(dynamicMember detail: WritableKeyPath<Details, Value>) -> Value {
        get { details[keyPath: detail] }
        set { details[keyPath: detail] = newValue }
    }

    package init(from decoder: any Decoder) throws {
        self.init(spec: try NodeSpec(from: decoder), details: try Details(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        try spec.encode(to: encoder)
        try details.encode(to: encoder)
    }
}
