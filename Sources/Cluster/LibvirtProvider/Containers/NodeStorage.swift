import FoundationEssentials
import Images
import NodeBoot
import Planning
import Provisioning
import TopologyModel

/// The nodes' directories, `HOME/clusters/CLUSTER/NODE`.
///
/// A directory is whole when it holds ``recordName``, which is written last and removed first: whatever moment a run
/// is killed at, the next one sees either a whole directory or remains to be made anew or removed. The record of one
/// whose configuration was being changed is the old one.
struct NodeStorage: Sendable {
    /// Slipway's own directory on the host.
    let home: String

    static let recordName = "node.json"
    /// Directory that etcd makes on a member at its first start, unless a cloud-config sets another.
    private static let etcdData = "\(etcdHome)/member"
    /// etcd's own directory, unless a cloud-config sets another.
    private static let etcdHome = "/var/lib/etcd2"

    /// Directory that a node writes to, and the first that is written of it.
    private static let ownFiles = "upper/etc"
    /// Files that a node reads its cloud-config from.
    private static let configuration = ["user_data", "meta_data.json"].map { "config/openstack/latest/\($0)" }

    /// Content of ``recordName``.
    struct Content: Sendable, Hashable, Codable {
        var record: NodeRecord
        /// The directory with the node programs, which also holds the program that removes the node's cgroups.
        var layerPath: String
        var userDataDigest: String
        var machineID: String
    }

    /// Condition of a node's directory, by its record.
    enum Condition: Sendable, Hashable {
        case whole(Content)
        /// Half made or half removed: there is no record.
        case remains
        /// There is a record, and this version of Slipway cannot read it: nothing follows about the node.
        case unreadable(reason: String)
        /// There is a record, and its bytes are none that any version wrote.
        case damaged(reason: String)
    }

    /// A node's directory, as a listing finds it.
    struct Entry: Sendable, Hashable {
        var cluster: String
        var name: NodeName
        var condition: Condition

        /// Nil when the directory is not whole.
        var content: Content? {
            if case .whole(let content) = condition { return content }
            return nil
        }
        /// True when an etcd member ever ran on it.
        var hasEtcdData = false
        /// True when etcd's directory is there, and no log in it.
        var lacksEtcdLog = false
        /// True where a file is missing that can be written again.
        var isIncomplete = false
        /// What the node boots; nil where there is no record of that.
        var boot: BootRecord?
        /// What it boots next, once it is told; nil for nothing new.
        var staged: BootRecord.Entry?
    }

    struct Listing: Sendable, Hashable {
        var entries: [Entry]
        /// Names of clusters whose directory holds no node's.
        var emptyClusters: [String]
        /// Paths of what lies among the clusters' directories and is none.
        var strays: [String] = []
    }

    var clusters: String { "\(home)/clusters" }

    func directory(of node: NodeReference) -> String { "\(clusters)/\(node.cluster)/\(node.name)" }

    func recordPath(of node: NodeReference) -> String { "\(directory(of: node))/\(Self.recordName)" }

    // MARK: Making

    /// Makes the directory, or brings one that is whole up to date.
    ///
    /// A directory of another base (another address, say) is made anew, with nothing kept; on another root it is kept.
    ///
    /// - Parameter isRunning: whether the node runs, and so has chosen what it boots.
    func create(_ node: NodePlan, image: NodeImagePaths, isRunning: Bool = false) throws {
        let reference = NodeReference(node)
        let content = Content(
            record: NodeRecord(node, phase: .allocated, definition: ""),
            layerPath: image.layer,
            userDataDigest: sha256Hex(node.userData),
            machineID: node.machineID,
        )
        try makeClusterDirectory(node.cluster)
        let present = try self.content(of: reference)
        if present == content, try isComplete(directory(of: reference)) {
            try makeDirectories(directory(of: reference))
            return isRunning ? () : try setBoot(of: node, present: present?.record)
        }
        // What stays is brought up to date file by file, each at once, and the record last: killed in between, it is
        // still the whole directory it was, with some of the new configuration, and the next run does the rest.
        let keeps = present?.record.baseDigest == node.baseDigest
        if !keeps { try delete(reference) }
        try fill(directory(of: reference), for: node)
        if !isRunning { try setBoot(of: node, present: keeps ? present?.record : nil) }
        try write(try JSONEncoder.sorted.encode(content), to: recordPath(of: reference))
    }

    /// Makes the directories, or corrects their modes.
    ///
    /// `upper` is the node's own `/`: it is open to the node's users, and no one of the host gets this far.
    private func makeDirectories(_ directory: String) throws {
        let inner = ["config/openstack", "config/openstack/latest"]
        // What the node itself keeps there has the modes that the node gives it.
        let new = ["docker", "upper/etc"].filter { !isDirectory("\(directory)/\($0)") }
        let always = NodeContract.nodeDirectories.filter { $0 != "docker" } + NodeContract.bootDirectories
        for name in [""] + always + new + inner { try makeDirectory("\(directory)/\(name)") }
    }

    private func fill(_ directory: String, for node: NodePlan) throws {
        try makeDirectories(directory)
        let etc = "\(directory)/upper/etc"
        let configDrive = "\(directory)/config/openstack/latest"
        // These never change, and a node that runs has them open through its overlay.
        for (name, text) in [("machine-id", node.machineID), ("hostname", node.name)]
        where try contents(of: "\(etc)/\(name)") == nil {
            try write(Data("\(text)\n".utf8), to: "\(etc)/\(name)")
        }
        // It holds the node's private keys, and what runs on the node sees the file.
        try write(Data(node.userData.utf8), to: "\(configDrive)/user_data", permissions: 0o600)
        try write(Data(node.openStackMetadata.utf8), to: "\(configDrive)/meta_data.json")
    }

    // MARK: Looking

    /// Returns the directory's record; nil when the directory does not exist or is not whole.
    ///
    /// - Throws: ``ProviderError`` for a record that cannot be read, which says nothing about the node.
    func content(of node: NodeReference) throws -> Content? {
        switch try condition(of: node) {
        case .whole(let content): return content
        case .remains: return nil
        case .unreadable(let reason), .damaged(let reason):
            throw ProviderError(.failed, "cannot read \(recordPath(of: node))", cause: reason)
        }
    }

    private func condition(of node: NodeReference) throws -> Condition {
        guard let data = try contents(of: recordPath(of: node)) else { return .remains }
        guard !data.isEmpty else { return .damaged(reason: "it is empty") }
        // The record alone is no node: what the node itself had written is gone.
        guard try isThere("\(directory(of: node))/\(Self.ownFiles)") else { return .remains }
        do {
            return .whole(try JSONDecoder().decode(Content.self, from: data))
        } catch {
            guard data.isJSONObject else { return .damaged(reason: "it is no JSON object") }
            return .unreadable(reason: "it is not a record that this version of slipway knows")
        }
    }

    /// Returns whether every file exists that a node starts from, beside those that it wrote itself.
    private func isComplete(_ directory: String) throws -> Bool {
        try (NodeContract.nodeDirectories + Self.configuration).allSatisfy { try isThere("\(directory)/\($0)") }
    }

    /// Returns whether there is a directory, whole or not.
    func exists(_ node: NodeReference) -> Bool {
        FileManager.default.fileExists(atPath: directory(of: node))
    }

    /// Every node's directory of every cluster.
    func list() throws -> Listing {
        var listing = Listing(entries: [], emptyClusters: [])
        for cluster in try names(in: clusters) {
            guard NameRule.problem(with: cluster, limit: NameRule.clusterLimit) == nil,
                isDirectory("\(clusters)/\(cluster)")
            else {
                listing.strays.append("\(clusters)/\(cluster)")
                continue
            }
            let nodes = try names(in: "\(clusters)/\(cluster)").compactMap(NodeName.init)
            if nodes.isEmpty { listing.emptyClusters.append(cluster) }
            for name in nodes {
                let condition = try condition(of: NodeReference(cluster: cluster, name: name.text, runtime: .container))
                let upper = "\(clusters)/\(cluster)/\(name.text)/upper"
                let hasEtcdData = FileManager.default.fileExists(atPath: "\(upper)\(Self.etcdData)")
                var entry = Entry(cluster: cluster, name: name, condition: condition, hasEtcdData: hasEtcdData)
                entry.lacksEtcdLog = try isThere("\(upper)\(Self.etcdHome)") && !hasEtcdLog(upper)
                if entry.content != nil {
                    entry.isIncomplete = try !isComplete(directory(of: entry.reference))
                    let boot = boot(of: entry.reference)
                    (entry.boot, entry.staged) = (boot.record, boot.staged)
                }
                listing.entries.append(entry)
            }
        }
        return listing
    }

    /// Returns whether etcd's write-ahead log has a file: without one it takes itself for a member that never ran.
    private func hasEtcdLog(_ upper: String) throws -> Bool {
        try names(in: "\(upper)\(Self.etcdData)/wal").contains { $0.hasSuffix(".wal") }
    }

    // MARK: Unmaking

    /// Says that the directory is no longer whole.
    func forget(_ node: NodeReference) throws {
        try remove(node.cluster, node.name, Self.recordName)
    }

    /// Removes the directory; one that is not there is fine.
    func delete(_ node: NodeReference) throws {
        try forget(node)
        try remove(node.cluster, node.name)
    }

    /// Removes the cluster's directory with all that is in it.
    func deleteCluster(_ cluster: String) throws {
        try remove(cluster)
    }
}

extension Data {
    /// True for the text of one JSON object, of whatever members.
    fileprivate var isJSONObject: Bool {
        struct Member: Decodable { init(from decoder: any Decoder) {} }
        return (try? JSONDecoder().decode([String: Member].self, from: self)) != nil
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
