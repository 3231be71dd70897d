import Planning
import TopologyModel

/// Makes and unmakes nodes and networks. Everything is idempotent: what is already so is left as it is, what is already
/// gone counts as gone; an answer that does not come is an error, never "gone".
package protocol NodeProvider: Sendable {
    /// Everything of Slipway's that exists, of all clusters, in one pass.
    func observe() async throws -> ProviderObservation

    /// Makes the network and starts it. One that is there and equal is only started.
    ///
    /// - Throws: ``ProviderError`` with `.conflict` when a network of that name is not Slipway's.
    func createNetwork(_ network: NetworkPlan) async throws
    /// Removes the cluster's network; one that is not Slipway's is left alone and reported.
    func removeNetwork(cluster: String) async throws

    /// Makes the node's storage and seed: a directory or volumes, whole or recognisably unfinished.
    func allocate(_ node: NodePlan, image: NodeImagePaths) async throws
    /// Throws what ``allocate(_:image:)`` would throw of a node that is there, which may still run, without changing
    /// anything.
    func checkAllocation(of node: NodePlan, image: NodeImagePaths) async throws
    /// Defines the node's domain with its phase; one that is there and equal is left, one that differs is redefined.
    func define(_ node: NodePlan, image: NodeImagePaths) async throws
    /// Powers the node on; one that runs is left running.
    func start(_ node: NodeReference) async throws
    /// Asks the node to shut down and waits; after `deadline` it is powered off.
    @discardableResult
    func stop(_ node: NodeReference, deadline: Duration) async throws -> StopOutcome
    /// Powers the node off at once, as a power cut would.
    func powerOff(_ node: NodeReference) async throws
    /// Has the node start with the host, or not.
    func setAutostart(_ isOn: Bool, of node: NodeReference) async throws
    /// Writes how far the node has come onto its domain; a node without one is `leaving` as it is, and nothing else.
    func setPhase(_ phase: NodePhase, of node: NodeReference) async throws
    /// Writes onto a member's domain that it belongs to the etcd cluster of that ID, whatever phase the node is in later.
    func recordEtcd(cluster id: String, of node: NodeReference) async throws
    /// Removes domain, storage and every other trace of the node.
    func remove(_ node: NodeReference) async throws
    /// Removes the cluster's own directory, once no node is left.
    func removeClusterRemains(_ cluster: String) async throws

    /// What can be said of virtual machines at this connection before any is made; nil where there can be none.
    func machineHost() async throws -> MachineHost?
    /// Removes images of virtual machines from libvirt's storage that no node refers to. Returns their names there.
    func pruneVolumes() async throws -> [String]
    /// The nodes that have directories on this host, and so lie on images of this host, whatever host libvirt is on.
    func nodesOfThisHost() async throws -> [ObservedNode]

    /// The last lines the node or the hypervisor said of it: evidence for an error.
    func evidence(for node: NodeReference, lines: Int) async -> [String]
    /// Names of domains (`cluster.node`) as they stop, however that happens.
    func stoppedDomains() async -> AsyncStream<String>

    /// The domain's XML as ``define(_:image:)`` would give it to libvirt.
    func domainXML(for node: NodePlan, image: NodeImagePaths) async throws -> String
    /// The network's XML as ``createNetwork(_:)`` would give it to libvirt.
    func networkXML(for network: NetworkPlan) async throws -> String
}

extension NodeProvider {
    package func checkAllocation(of node: NodePlan, image: NodeImagePaths) async throws {}
    package func machineHost() async throws -> MachineHost? { nil }
    package func pruneVolumes() async throws -> [String] { [] }
    package func nodesOfThisHost() async throws -> [ObservedNode] { [] }
}

/// How a node came to be off.
package enum StopOutcome: Sendable, Hashable {
    /// It shut itself down, or was off.
    case shutDown
    /// It had not when its time was up.
    case powerCut
}

/// Which node is meant, when no more than its names matter.
package struct NodeReference: Sendable, Hashable {
    /// Name of the cluster.
    package var cluster: String
    /// Name of the node.
    package var name: String

    package init(cluster: String, name: String) {
        self.cluster = cluster
        self.name = name
    }

    /// Names a planned node.
    package init(_ node: NodePlan) { self.init(cluster: node.cluster, name: node.name) }
    /// Names an observed node.
    package init(_ node: ObservedNode) { self.init(cluster: node.cluster, name: node.name) }

    /// libvirt's name of the node.
    package var domainName: String { Identity.domainName(cluster: cluster, node: name) }
}

/// Where a node's image lies on the host.
package struct NodeImagePaths: Sendable, Hashable {
    /// The directory that becomes `/`; shared by all nodes and never written.
    package var root: String
    /// The directory with the project's node programs; shared likewise.
    package var layer: String
    /// What a virtual machine is given instead of the two directories; nil for a container's image.
    package var machine: MachineImage?

    package init(root: String, layer: String, machine: MachineImage? = nil) {
        self.root = root
        self.layer = layer
        self.machine = machine
    }
}

/// What a provider could not do.
package struct ProviderError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Kind of failure.
    package struct Code: Sendable, Hashable {
        private enum Storage: Sendable, Hashable { case conflict, connection, unsupported, failed }
        private var storage: Storage

        /// Something of that name exists and is not Slipway's.
        package static let conflict = Code(storage: .conflict)
        /// The hypervisor did not answer; nothing follows about what exists.
        package static let connection = Code(storage: .connection)
        /// The hypervisor or this host cannot do that.
        package static let unsupported = Code(storage: .unsupported)
        /// The back end failed.
        package static let failed = Code(storage: .failed)
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// What failed and what to do, for the person at the terminal.
    package var message: String
    /// The cause in its own words.
    package var cause: String?

    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
