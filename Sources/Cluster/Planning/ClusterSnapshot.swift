import Basics
import TopologyModel

/// Name of a snapshot, and of its cluster.
package struct SnapshotReference: Sendable, Hashable, Codable {
    /// Name of the cluster.
    package var cluster: String
    /// Name of the snapshot, which follows `SnapshotName`.
    package var name: String

    package init(cluster: String, name: String) {
        self.cluster = cluster
        self.name = name
    }
}

/// The disks of all nodes of a cluster at one moment, as this host keeps them.
package struct ClusterSnapshot: Sendable, Hashable, Codable {
    /// Number of the format of what is kept; others are not read.
    package static let format = 1

    /// Node of a cluster at the moment of a snapshot.
    package struct Node: Sendable, Hashable, Codable {
        /// The node as it was then.
        package var node: ObservedNode
        /// Definition of its domain, as libvirt had it.
        package var definition: String
        /// Bytes that its files take.
        package var bytes: Int64

        package init(_ node: ObservedNode, definition: String, bytes: Int64) {
            self.node = node
            self.definition = definition
            self.bytes = bytes
        }
    }

    /// Number of its format.
    package var format = Self.format
    /// Name of the cluster.
    package var cluster: String
    /// Name of the snapshot.
    package var name: String
    /// Time of it, in seconds since 1970.
    package var made: Int64
    /// Seconds for which the nodes stood still.
    package var frozen: Double
    /// Addresses of the cluster's network.
    package var cidr: CIDRv4
    /// Reach of the network beyond the host.
    package var mode: NetworkSettings.Mode
    /// Nodes, sorted by name.
    package var nodes: [Node]

    /// A snapshot in the format of now.
    package init(
        _ reference: SnapshotReference,
        made: Int64,
        frozen: Double,
        cidr: CIDRv4,
        mode: NetworkSettings.Mode,
        nodes: [Node],
    ) {
        (cluster, name) = (reference.cluster, reference.name)
        self.made = made
        self.frozen = frozen
        self.cidr = cidr
        self.mode = mode
        self.nodes = nodes
    }
}

extension ClusterSnapshot {
    /// Name of it, and of its cluster.
    package var reference: SnapshotReference { SnapshotReference(cluster: cluster, name: name) }
    /// Bytes that its files take.
    package var bytes: Int64 { nodes.reduce(0) { $0 + $1.bytes } }
    /// Images that its nodes run on, and may go back to.
    package var images: [ImageDigests] { nodes.flatMap(\.node.images) }
}

/// A step of putting nodes back to a snapshot.
package enum SnapshotAction: Sendable, Hashable {
    /// Copies a node's files out of the snapshot, beside those that it has, which changes nothing yet.
    case stage(NodeReference, SnapshotReference)
    /// Notes that the cluster is being put back: from here on only that can be done with it, to its end.
    case begin(SnapshotReference)
    /// Cuts a node's power: what it holds is given up.
    case powerOff(NodeReference)
    /// Gives a node, which is off, the files that were copied and the definition that it had.
    case place(ClusterSnapshot.Node, SnapshotReference)
    /// Writes all through to the disk, after which the cluster is as in the snapshot, and removes what nodes had before.
    case finish(SnapshotReference)
    /// Removes snapshots of a cluster.
    case remove(cluster: String, names: [String])
}
