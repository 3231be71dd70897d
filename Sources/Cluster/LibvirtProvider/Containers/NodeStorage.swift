import FoundationEssentials
import Images
import Planning
import Provisioning

/// The nodes' directories, `HOME/clusters/CLUSTER/NODE`.
///
/// A directory is whole when it holds ``recordName``, which is written last and removed first: whatever moment a run
/// is killed at, the next one sees either a whole directory or remains to be made anew or removed. The record of one
/// whose configuration was being changed is the old one.
struct NodeStorage: Sendable {
    /// Slipway's own directory on the host.
    let home: String

    static let recordName = "node.json"

    /// What ``recordName`` holds.
    struct Content: Sendable, Hashable, Codable {
        var record: NodeRecord
        /// The directory with the node programs, which also holds the program that removes the node's cgroups.
        var layerPath: String
        var userDataDigest: String
        var machineID: String
    }

    /// A node's directory, as a listing finds it.
    struct Entry: Sendable, Hashable {
        var cluster: String
        var name: NodeName
        /// Nil when the directory is half made or half removed.
        var content: Content?
    }

    struct Listing: Sendable, Hashable {
        var entries: [Entry]
        /// Names of clusters whose directory holds no node's.
        var emptyClusters: [String]
    }

    var clusters: String { "\(home)/clusters" }

    func directory(of node: NodeReference) -> String { "\(clusters)/\(node.cluster)/\(node.name)" }

    private func recordPath(of node: NodeReference) -> String { "\(directory(of: node))/\(Self.recordName)" }

    // MARK: Making

    /// Makes the directory, or brings one that is whole up to date.
    ///
    /// A directory of another base (another root image or address) is made anew, with nothing kept.
    func create(_ node: NodePlan, image: NodeImagePaths) throws {
        let reference = NodeReference(node)
        let content = Content(
            record: NodeRecord(node, phase: .allocated, definition: ""),
            layerPath: image.layer,
            userDataDigest: sha256Hex(node.userData),
            machineID: node.machineID,
        )
        let present = try self.content(of: reference)
        if present == content { return }
        // What stays is brought up to date file by file, each at once, and the record last: killed in between, it is
        // still the whole directory it was, with some of the new configuration, and the next run does the rest.
        if present?.record.baseDigest != node.baseDigest { try delete(reference) }
        try fill(directory(of: reference), for: node)
        try write(try JSONEncoder.sorted.encode(content), to: recordPath(of: reference))
    }

    private func fill(_ directory: String, for node: NodePlan) throws {
        for name in NodeContract.nodeDirectories { try makeDirectory("\(directory)/\(name)") }
        let etc = "\(directory)/upper/etc"
        let seed = "\(directory)/config/openstack/latest"
        for path in [etc, seed] { try makeDirectory(path) }
        // These never change, and a node that runs has them open through its overlay.
        for (name, text) in [("machine-id", node.machineID), ("hostname", node.name)]
        where try contents(of: "\(etc)/\(name)") == nil {
            try write(Data("\(text)\n".utf8), to: "\(etc)/\(name)")
        }
        // It holds the node's private keys, and what runs on the node sees the file.
        try write(Data(node.userData.utf8), to: "\(seed)/user_data", permissions: 0o600)
        try write(try JSONEncoder.sorted.encode(MetaData(node)), to: "\(seed)/meta_data.json")
    }

    // MARK: Looking

    /// What the directory says of itself; nil when it is not there, or not whole.
    func content(of node: NodeReference) throws -> Content? {
        guard let data = try contents(of: recordPath(of: node)) else { return nil }
        // A record that cannot be read is as good as none: the directory is made anew.
        return try? JSONDecoder().decode(Content.self, from: data)
    }

    /// Whether there is a directory, whole or not.
    func exists(_ node: NodeReference) -> Bool {
        FileManager.default.fileExists(atPath: directory(of: node))
    }

    /// Every node's directory of every cluster.
    func list() throws -> Listing {
        var listing = Listing(entries: [], emptyClusters: [])
        for cluster in try names(in: clusters) {
            let nodes = try names(in: "\(clusters)/\(cluster)").compactMap(NodeName.init)
            if nodes.isEmpty { listing.emptyClusters.append(cluster) }
            for name in nodes {
                let content = try content(of: NodeReference(cluster: cluster, name: name.text))
                listing.entries.append(Entry(cluster: cluster, name: name, content: content))
            }
        }
        return listing
    }

    // MARK: Unmaking

    /// Says that the directory is no longer whole.
    func forget(_ node: NodeReference) throws {
        try remove(recordPath(of: node))
    }

    /// Removes the directory; one that is not there is fine.
    func delete(_ node: NodeReference) throws {
        try forget(node)
        try remove(directory(of: node))
    }

    /// Removes the cluster's directory with all that is in it.
    func deleteCluster(_ cluster: String) throws {
        try remove("\(clusters)/\(cluster)")
    }
}

/// OpenStack's `meta_data.json`, as far as coreos-cloudinit reads it.
private struct MetaData: Encodable {
    var uuid: String
    var hostname: String

    init(_ node: NodePlan) {
        uuid = node.uuid
        hostname = node.name
    }
}

extension JSONEncoder {
    /// The same value gives the same bytes.
    static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return encoder
    }
}
