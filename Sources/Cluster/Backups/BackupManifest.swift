import FoundationEssentials

/// Contents of a backup, as its first part says.
package struct BackupManifest: Sendable, Hashable, Codable {
    /// Version of the format that is written; a file of a later one is refused.
    package static let format = 1
    /// Name of the manifest's own part.
    static let name = "manifest.json"

    /// etcd when the backup was made.
    package struct Etcd: Sendable, Hashable, Codable {
        /// A member as etcd listed it.
        package struct Member: Sendable, Hashable, Codable {
            /// Name; empty for one that had never started.
            package var name: String
            /// URLs at which other members reached it.
            package var addresses: [String]
            /// True for one without a vote.
            package var isLearner: Bool

            package init(name: String, addresses: [String], isLearner: Bool) {
                (self.name, self.addresses, self.isLearner) = (name, addresses, isLearner)
            }
        }

        /// ID of the etcd cluster, in hexadecimal.
        package var cluster: String
        /// Version of the member that the snapshot came from.
        package var version: String
        /// Revision of the snapshot.
        package var revision: Int64
        /// Keys of the v3 store.
        package var keys: Int64
        /// Keys and directories of the v2 store; nil where etcd served no v2 API.
        package var legacyKeys: Int?
        /// Members, in etcd's order.
        package var members: [Member]

        package init(
            cluster: String,
            version: String,
            revision: Int64,
            keys: Int64,
            legacyKeys: Int?,
            members: [Member],
        ) {
            self.cluster = cluster
            self.version = version
            self.revision = revision
            self.keys = keys
            self.legacyKeys = legacyKeys
            self.members = members
        }
    }

    /// A node of the cluster.
    package struct Node: Sendable, Hashable, Codable {
        /// Name of the node.
        package var name: String
        /// Its part in etcd: `member`, `proxy`, `readonly` or `none`.
        package var etcd: String
        /// ID by which fleet knew it.
        package var machineID: String

        package init(name: String, etcd: String, machineID: String) {
            (self.name, self.etcd, self.machineID) = (name, etcd, machineID)
        }
    }

    /// A unit that fleet had.
    package struct Unit: Sendable, Hashable, Codable {
        /// Name with suffix.
        package var name: String
        /// State wanted of it: `inactive`, `loaded` or `launched`.
        package var desiredState: String

        package init(name: String, desiredState: String) {
            (self.name, self.desiredState) = (name, desiredState)
        }
    }

    /// A part of the file.
    package struct Part: Sendable, Hashable, Codable {
        /// Name in the archive.
        package var name: String
        /// Size in bytes.
        package var size: Int
        /// SHA-256 in hexadecimal.
        package var sha256: String
        /// Path under which the topology names it; nil for what is no file of the topology's.
        package var path: String?
    }

    /// Version of the format.
    package var format = Self.format
    /// Name of the cluster.
    package var cluster: String
    /// Time at which it was made, as ISO 8601 in UTC.
    package var made: String
    /// Path of the topology file, which is among the parts.
    package var topology: String
    /// etcd when it was made.
    package var etcd: Etcd
    /// Nodes, sorted by name.
    package var nodes: [Node]
    /// Units of fleet, sorted by name.
    package var units: [Unit]
    /// Generation of the nodes' certificates; nil for a cluster without.
    package var certificates: Int?
    /// All parts but the manifest, in the order of the file.
    package var parts: [Part] = []

    /// Creates the manifest of a file whose parts are not known yet.
    package init(cluster: String, made: String, topology: String, etcd: Etcd, nodes: [Node], units: [Unit]) {
        self.cluster = cluster
        self.made = made
        self.topology = topology
        self.etcd = etcd
        self.nodes = nodes
        self.units = units
    }

    private struct Version: Decodable { var format: Int }

    init(json: Data, file: String) throws(BackupError) {
        do {
            let version = try JSONDecoder().decode(Version.self, from: json).format
            guard version == Self.format else {
                throw BackupError(
                    "\(file) has format \(version), and this slipway reads \(Self.format); restore it with the slipway "
                        + "that made it, or a newer one"
                )
            }
            self = try JSONDecoder().decode(BackupManifest.self, from: json)
        } catch let error as BackupError {
            throw error
        } catch {
            throw .damaged(file, "its manifest cannot be read")
        }
    }

    var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self) + Data("\n".utf8)
        }
    }
}

extension BackupManifest {
    /// Names of parts that every backup has.
    package enum PartName {
        /// etcd's snapshot, as `etcdctl snapshot save` writes it.
        package static let snapshot = "etcd/snapshot.db"
        /// Keys of etcd's v2 store, as JSON.
        package static let legacyKeys = "etcd/v2.json"
        /// Seeds of the cluster's keys, as JSON.
        package static let identity = "identity.json"
        /// Directory of the topology and the files that it names.
        package static let files = "files"
    }
}
