import Backups
import Terminal
import Workspace

/// A backup as a person reads it.
enum BackupText {
    /// Summary of the content, in a line: `12 keys, 3 of version 2, 4 units, 5 nodes`.
    static func summary(_ manifest: BackupManifest) -> String {
        let parts = [
            Format.count(Int(manifest.etcd.keys), "key"),
            manifest.etcd.legacyKeys.map { "\($0) of etcd's version 2" },
            Format.count(manifest.units.count, "unit"), Format.count(manifest.nodes.count, "node"),
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    static func text(_ manifest: BackupManifest) -> String {
        let members = manifest.etcd.members.map { $0.name.isEmpty ? "one not started" : $0.name }
        let files = manifest.parts.compactMap(\.path)
        return """
            Backup of cluster \(manifest.cluster), made \(manifest.made): whole, and restored into an etcd of this host.
              holds     \(summary(manifest))
              etcd      \(manifest.etcd.version), cluster \(manifest.etcd.cluster), revision \(manifest.etcd.revision)
              members   \(members.joined(separator: ", "))
              topology  \(files.joined(separator: ", "))

            """
    }
}

/// A backup as a program reads it.
struct BackupPayload: Encodable {
    var file: String
    var cluster: String
    var made: String
    /// Bytes; nil where the file was not written now.
    var size: Int64?
    var encrypted: Bool
    var etcd: BackupManifest.Etcd
    var nodes: [BackupManifest.Node]
    var units: [BackupManifest.Unit]
    /// Names of older backups that were removed.
    var removed: [String]?

    init(_ written: WrittenBackup, isEncrypted: Bool, removed: [String]) {
        self.init(written.manifest, file: written.path, isEncrypted: isEncrypted)
        (size, self.removed) = (written.size, removed)
    }

    init(_ backup: BackupFile, path: String) {
        self.init(backup.manifest, file: path, isEncrypted: backup.isSealed)
    }

    private init(_ manifest: BackupManifest, file: String, isEncrypted: Bool) {
        self.file = file
        cluster = manifest.cluster
        made = manifest.made
        encrypted = isEncrypted
        etcd = manifest.etcd
        nodes = manifest.nodes
        units = manifest.units
    }
}
