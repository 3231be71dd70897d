import Planning
import TopologyModel

/// Nodes, networks, snapshots and the inventory of one host, all behind one connection.
///
/// Every change is idempotent: what is already so is left as it is, what is already gone counts as gone. An answer that
/// does not come is an error, never "gone".
package protocol ClusterProvider: NodeProvider, NetworkProvider, SnapshotProvider, Inventory {}

/// Everything that exists on one host, of all clusters. Nothing is changed by it.
package protocol Inventory: Sendable {
    /// Nodes and networks of all clusters, in one pass, and what is in their way.
    func observe() async throws -> ProviderObservation
    /// Facts about the host that matter to virtual machines before any is made; nil where none can run.
    func machineHost() async throws -> VMHost?
    /// Nodes whose directories are on this host, and that need images of this host, whatever host libvirt is on.
    func nodesOfThisHost() async throws -> [ObservedNode]
    /// Last lines that the node or the hypervisor logged about it, for an error that is being reported.
    func evidence(for node: NodeReference, lines: Int) async -> [String]
    /// Names of domains (`cluster.node`) as they stop, for whatever reason.
    func stoppedDomains() async -> AsyncStream<String>
    /// Names of domains (`cluster.node`) as anything of them changes: definition, power, phase. Ends when nothing more can
    /// be learned in that way.
    func changedDomains() async -> AsyncStream<String>
}

/// Networks of clusters.
package protocol NetworkProvider: Sendable {
    /// Makes the network and starts it. One that exists and is equal is only started.
    ///
    /// - Throws: ``ProviderError`` with `.conflict` when a network of that name is not Slipway's.
    func createNetwork(_ network: NetworkPlan) async throws
    /// Removes the cluster's network; one that is not Slipway's is left alone and reported.
    func removeNetwork(cluster: String) async throws
    /// The network's XML as ``createNetwork(_:)`` would give it to libvirt.
    func networkXML(for network: NetworkPlan) async throws -> String
}

/// Nodes, and what they leave on their host.
package protocol NodeProvider: Sendable {
    /// Makes the node's storage and configuration: a directory or volumes, whole or recognisably unfinished.
    func allocate(_ node: NodePlan, image: NodeImagePaths) async throws
    /// Throws what ``allocate(_:image:)`` would throw of an existing node, which may still run, without changing
    /// anything.
    func checkAllocation(of node: NodePlan, image: NodeImagePaths) async throws
    /// Defines the node's domain with its phase; one that exists and is equal is left, one that differs is redefined.
    func define(_ node: NodePlan, image: NodeImagePaths) async throws
    /// Writes the definition of a node that is there anew, whatever others made of it; what is recorded on it stays.
    func redefine(_ node: NodePlan, image: NodeImagePaths) async throws
    /// The domain's XML as ``define(_:image:)`` would give it to libvirt.
    func domainXML(for node: NodePlan, image: NodeImagePaths) async throws -> String
    /// Tells a node, which may run, of its plan's image, for its next boot; without a trial in the plan, takes back what it
    /// was told before.
    func stage(_ node: NodePlan) async throws
    /// What a node says of the image that it runs or boots; nil where it says nothing.
    func image(of node: NodeReference) async throws -> NodeImageState?
    /// Powers the node on; one that runs is left running.
    func start(_ node: NodeReference) async throws
    /// Returns whether the hypervisor's manager still hears of a node that runs; where it does not, the node's end and
    /// its reboot go unnoticed.
    func isWatched(_ node: NodeReference) async throws -> Bool
    /// Asks the node to shut down and waits; after `deadline` it is powered off.
    @discardableResult
    func stop(_ node: NodeReference, deadline: Duration) async throws -> StopOutcome
    /// Powers the node off at once, as a power cut would.
    func powerOff(_ node: NodeReference) async throws
    /// Pauses the node: nothing of it runs until ``start(_:)``. One that is paused or off is left so.
    ///
    /// - Throws: also where the hypervisor cannot pause such a node on its host.
    func freeze(_ node: NodeReference) async throws
    /// Lets a node run on that ``freeze(_:)`` has paused; one that is not paused is left as it is.
    func thaw(_ node: NodeReference) async throws
    /// Bounds the processor time of a node that runs; one that is off or gone is left so.
    ///
    /// - Parameter percent: of one processor; nil for no bound.
    func limitProcessor(of node: NodeReference, to percent: Int?) async throws
    /// Bounds the memory of a node that runs; one that is off or gone is left so.
    ///
    /// - Parameter percent: of the memory that it was defined with; nil for all of it.
    func limitMemory(of node: NodeReference, to percent: Int?) async throws
    /// Gives a node that runs that much memory; one that is off or gone is left so.
    func setMemory(of node: NodeReference, to mebibytes: Int) async throws
    /// Bounds what a node that runs reads and writes; one that is off or gone is left so.
    ///
    /// - Parameter limit: nil for no bound.
    /// - Throws: also where its files are on no disk that can be bounded.
    func limitDisk(of node: NodeReference, to limit: DiskLimit?) async throws
    /// Descriptions of the bounds of a node's processor time and disk, for people; none where it is off or gone.
    func bounds(of node: NodeReference) async throws -> [String]
    /// Has the node start with the host, or not.
    func setAutostart(_ isOn: Bool, of node: NodeReference) async throws
    /// Writes the node's phase onto its domain; a node without a domain counts as `leaving`, and cannot be in another
    /// phase.
    func setPhase(_ phase: NodePhase, of node: NodeReference) async throws
    /// Writes onto a member's domain which etcd cluster it belongs to; no later phase resets it.
    func recordEtcd(cluster id: String, of node: NodeReference) async throws
    /// Removes domain, storage and every other trace of the node.
    func remove(_ node: NodeReference) async throws
    /// Removes the cluster's own directory, once no node is left.
    func removeClusterRemains(_ cluster: String) async throws
    /// Removes images of virtual machines from libvirt's storage that no node refers to.
    ///
    /// - Parameter isDry: whether nothing is removed.
    /// - Returns: names of the volumes removed, or of those that would be.
    func pruneVolumes(isDry: Bool) async throws -> [String]
}

/// Bound of what a node reads and writes, each by itself.
package struct DiskLimit: Sendable, Hashable {
    /// Bytes a second.
    package var bytesPerSecond: UInt64
    /// Requests a second.
    package var operationsPerSecond: UInt32

    package init(bytesPerSecond: UInt64, operationsPerSecond: UInt32) {
        (self.bytesPerSecond, self.operationsPerSecond) = (bytesPerSecond, operationsPerSecond)
    }
}

/// A node's own word about the image that it runs.
package struct NodeImageState: Sendable, Hashable {
    /// Image that it runs; nil where it has not said so since it was started.
    package var running: ImageDigests?
    /// True while it has not been well on it.
    package var isOnTrial: Bool
    /// The last image that it left by itself, and the reason.
    package var retreat: ObservedBoot.Retreat?
    /// What keeps it from being well; nil for nothing.
    package var complaint: String?

    package init(
        running: ImageDigests?,
        isOnTrial: Bool,
        retreat: ObservedBoot.Retreat? = nil,
        complaint: String? = nil,
    ) {
        self.running = running
        self.isOnTrial = isOnTrial
        self.retreat = retreat
        self.complaint = complaint
    }
}

/// Way in which a node was shut down.
package enum StopOutcome: Sendable, Hashable {
    /// It shut itself down, or was off.
    case shutDown
    /// It had not when its time was up.
    case powerCut
}

/// Paths of a node's image on the host.
package struct NodeImagePaths: Sendable, Hashable {
    /// The directory that becomes `/`; shared by all nodes and never written.
    package var root: String
    /// The directory with the project's node programs; shared, too.
    package var layer: String
    /// Files of a virtual machine's image, instead of the two directories; nil for a container's image.
    package var machine: VMImage?

    package init(root: String, layer: String, machine: VMImage? = nil) {
        self.root = root
        self.layer = layer
        self.machine = machine
    }
}

/// Failure of a provider.
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
    /// Failure and advice, for the person at the terminal.
    package var message: String
    /// Message of the cause.
    package var cause: String?

    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
