import ArgumentParser
import Backups
import Basics
import Diagnostics
import Planning
import Provisioning
import TopologyLoading
import TopologyModel
import Workspace

struct ClusterRestore: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a cluster from a backup, or put a backup into a cluster that exists.",
        discussion: """
            Where there is no cluster of that name, it is made anew as `up` would, by the topology in the backup: its \
            members begin with etcd's keys, and fleet starts its units as they are in them, on the nodes they were on. \
            --name makes another cluster of it, beside the first or in its place.

            Where the cluster exists, all members of etcd get the backup's keys at once, after asking: what was written \
            since is lost, and how much that is, is said. Nodes stay as they are, units that the backup knows run on, and \
            others are stopped. Members have to be on for that; those whose disks are lost are made anew. etcd is away for \
            some seconds.

            The new etcd has an ID of its own, so that no member of the old one can join it. Machines that there are no \
            more are taken off fleet's list, reboot semaphores are free, and times to live begin anew. After a crash, \
            Ctrl-C or an error, the same command goes on.

              slipway restore production.backup
              slipway restore production.backup --name trial --cidr 10.72.9.0/24
              slipway restore production.backup --extract .     write its topology and units, and no more
            """,
    )

    @Argument(help: "The backup.")
    var file: String
    @Option(help: ArgumentHelp("Another name for the cluster.", valueName: "name"))
    var name: String?
    @Option(
        help: ArgumentHelp(
            "Another network (default: the topology's, or with --name one derived from the name).",
            valueName: "cidr",
        )
    )
    var cidr: String?
    @Option(help: ArgumentHelp("Only write the topology and the files that it names there.", valueName: "path"))
    var extract: String?
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var boots: BootOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func validate() throws {
        if let name { _ = try ClusterName(name) }
        guard cidr.map({ CIDRv4($0) != nil }) ?? true else { throw ValidationError("--cidr is like 10.72.9.0/24") }
    }

    func run() async throws {
        let backup = try BackupFile(at: file, passphrase: try passphrase.text())
        let files = BackupTopology(name: backup.manifest.topology, texts: try backup.files)
        if let extract {
            for path in try files.extract(to: extract) { Output.print(path) }
            return
        }
        let run = BackupRestoring(
            backup: backup,
            files: files,
            command: "slipway restore \(file)\(words)",
            name: name,
            cidr: cidr.flatMap { CIDRv4($0) },
            runtimes: runtimes,
            mostBoots: boots.most,
            json: output.json,
            yes: confirm.yes,
        )
        let (cluster, workspace) = try await run.restore(uri: connect.uri)
        guard !output.json else { return }
        try await ClusterStatus.print(cluster: cluster, workspace: workspace)
        Output.note("Its topology is in the backup: slipway restore \(file) --extract DIRECTORY")
    }

    /// The options again, for advice on what to run next.
    private var words: String {
        (name.map { " --name \($0)" } ?? "") + (cidr.map { " --cidr \($0)" } ?? "")
            + (passphrase.file.map { " --passphrase-file \($0)" } ?? "") + runtimes.words
    }
}
