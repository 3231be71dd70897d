import TopologyModel

/// Inputs of the planner beside the topology: facts of this host and this user.
package struct PlannerInputs: Sendable {
    /// The image every container node runs.
    package var image: ImageDigests
    /// The image every virtual machine runs.
    package var machineImage: ImageDigests
    /// Public keys that may log in as `core`: Slipway's own first.
    package var authorizedKeys: [String]
    /// The host keys of a node, by its name.
    package var hostKey: @Sendable (_ node: String) throws -> SSHKeyPair
    /// The key by which `core` logs in from one node to another.
    package var clusterKey: SSHKeyPair
    /// Docker registry mirrors of this host, after the topology's own.
    package var registryMirrors: [String]
    /// The token under which the cluster's first members meet, for a topology whose discovery Slipway serves.
    package var discoveryToken = ""
    /// The digests that images from elsewhere are known by, as far as this host knows: their disk's or, where they are
    /// still to be fetched, what their publisher says.
    package var foreignImages: [RoleImage: String] = [:]
    /// Versions of the root of ``image`` that this host has.
    package var roots: [RootVersion] = []
    /// Root of the container nodes that are made now, and of none that exists; nil for ``image``'s.
    package var newRoot: String?
    /// Root that every container node is to have; nil where each keeps its own.
    package var wantedRoot: String?
    /// Images of nodes that exist, by the nodes' names, whatever else would be theirs.
    package var chosenImages: [String: ChosenImage] = [:]
    /// Nodes that are given their cloud-config.
    package var rendering = NodeRendering.all
    /// Names of nodes that are made anew though nothing is asked of them that is new.
    package var replaced: Set<String> = []
    /// The backup that a cluster is made from of which there is nothing yet.
    package var restore: RestoreSource?
    /// Source of certificates, for a topology with TLS.
    package var certificates: CertificateInputs

    /// Creates inputs; what is left out is absent.
    package init(
        image: ImageDigests,
        machineImage: ImageDigests? = nil,
        authorizedKeys: [String],
        hostKey: @escaping @Sendable (_ node: String) throws -> SSHKeyPair,
        clusterKey: SSHKeyPair,
        registryMirrors: [String] = [],
        certificates: CertificateInputs = .none,
    ) {
        self.image = image
        self.machineImage = machineImage ?? image
        self.authorizedKeys = authorizedKeys
        self.hostKey = hostKey
        self.clusterKey = clusterKey
        self.registryMirrors = registryMirrors
        self.certificates = certificates
    }
}

/// Nodes of a plan for which a cloud-config, and the keys in it, are made, which is most of what a plan of many nodes
/// costs. A plan in which some have none cannot be carried out.
package enum NodeRendering: Sendable, Hashable {
    /// All, for a plan that is carried out, or whose nodes are shown with their digests.
    case all
    /// Those that exist, as theirs is compared with what they are to have: the steps are those of a plan with all.
    case existing
    /// None: that other cloud-config is wanted is not seen.
    case none
}

/// The image that a node is given, and the root that it may go back to.
package struct ChosenImage: Sendable, Hashable {
    /// Image to run.
    package var image: ImageDigests
    /// Root to go back to; nil for none.
    package var previousRoot: String?

    package init(_ image: ImageDigests, previousRoot: String?) {
        self.image = image
        self.previousRoot = previousRoot
    }
}

/// An SSH key in OpenSSH's own text forms.
package struct SSHKeyPair: Sendable, Hashable {
    /// The private key file's whole text.
    package var privateKey: String
    /// One line: type, base64, comment.
    package var publicKey: String

    package init(privateKey: String, publicKey: String) {
        self.privateKey = privateKey
        self.publicKey = publicKey
    }
}
