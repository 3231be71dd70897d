import ArgumentParser
import Backups
import Diagnostics
import FoundationEssentials
import Provisioning
import Terminal
import TopologyLoading
import TopologyModel
import Workspace

struct BackupCreate: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Write a backup of a cluster that runs.",
        discussion: """
            The cluster goes on meanwhile. The snapshot comes from a healthy member, and is restored into an etcd of \
            this host, with its checksum, before the file gets its name: where this command succeeds, the backup can be \
            restored. etcd's keys of version 2 whose names begin with _ are hidden from lists, and so not in it.

            Whoever reads the file reads all of the cluster's secrets. It is for its owner alone (mode 0600), and \
            --passphrase-file encrypts it (AES-256-GCM, with a key that scrypt makes of the passphrase). Without the \
            passphrase it is lost.

            --directory writes a file that is named by the cluster and the time, and --keep removes the oldest of those; \
            nothing else in the directory is touched.
            """,
    )

    @Argument(help: "The cluster's topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: "The file to write (default: CLUSTER-TIME.backup here).")
    var file: String?
    @Option(help: ArgumentHelp("Write a file named by cluster and time there.", valueName: "path"))
    var directory: String?
    @Option(help: ArgumentHelp("Keep only so many of the cluster's backups in --directory.", valueName: "count"))
    var keep: Int?
    @Flag(help: "Replace a file that exists.")
    var force = false
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard file == nil || directory == nil else { throw ValidationError("name a file or a --directory, not both") }
        guard keep == nil || directory != nil else { throw ValidationError("--keep needs a --directory") }
        guard keep ?? 1 >= 1 else { throw ValidationError("--keep is at least 1") }
    }

    func run() async throws {
        let begin = ContinuousClock.now
        let argument = ClusterArgument(cluster)
        let (name, files) = try Self.read(try argument.path())
        let path = try target(for: name)
        let secret = try passphrase.text()
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let say: @Sendable (String) -> Void = { [output] in if !output.json { Output.note($0) } }
        let command = "slipway backup create \(cluster)"
        let written = try await Interrupt.guarding(advice: "Stopped; no backup was written.") { [force] in
            try await workspace.backUp(name, files, to: path, replaces: force, passphrase: secret, say: say)
        }
        // Not its beginning: the backup would have it for one that was cut short.
        let took = ContinuousClock.now - begin
        if let reason = await workspace.record(command, .done, steps: 1, took: took, of: name.description) {
            Output.note("the backup is whole; the cluster's history does not have it: \(reason)")
        }
        if let reason = await workspace.note(written, of: name.description) {
            Output.note(
                "the backup is whole; etcd has no record of it, so figures and alerts miss it: \(reason)"
            )
        }
        let removed = try prune(name)
        for name in removed { say("removed \(name)") }
        if output.json {
            try Output.json(BackupPayload(written, isEncrypted: secret != nil, removed: removed))
        } else {
            let summary = "\(BackupText.summary(written.manifest)), \(Format.bytes(written.size))"
            Output.print("\(path): \(summary), in \(Format.duration(.now - begin)).")
        }
    }

    /// The topology and every file that was read for it.
    static func read(_ path: String) throws -> (name: ClusterName, files: TopologyFiles) {
        let files = RecordingFiles()
        let loaded = TopologyLoader(files: files).load(path: path)
        Diagnosing.show(loaded.diagnostics, sources: loaded.sources)
        guard let topology = loaded.topology, !loaded.diagnostics.hasErrors else {
            throw ToldFailure(loaded.diagnostics)
        }
        let name = DiskFiles.name(of: path)
        var texts = files.read
        texts[name] = texts.removeValue(forKey: path)
        return (try ClusterName(topology.name), TopologyFiles(topology: name, texts: texts))
    }

    private func target(for cluster: ClusterName) throws -> String {
        if let file { return file }
        let time = Int64(Date().timeIntervalSince1970)
        let name = BackupRetention.fileName(cluster: cluster.description, time: time)
        guard let directory else { return name }
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700],
        )
        return "\(directory)/\(name)"
    }

    private func prune(_ cluster: ClusterName) throws -> [String] {
        guard let directory, let keep else { return [] }
        return try BackupRetention(directory: directory, cluster: cluster.description).prune(keeping: keep)
    }
}

/// The passphrase of a backup, which is never an argument: others see those.
struct PassphraseOption: ParsableArguments {
    @Option(
        name: .customLong("passphrase-file"),
        help: ArgumentHelp("A file whose first line encrypts the backup, and opens it.", valueName: "file")
    )
    var file: String?

    func text() throws -> String? { try file.map { try SealedData.passphrase(in: $0) } }
}
