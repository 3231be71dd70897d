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
            since is lost. Nodes stay as they are, units that the backup knows run on, and others are stopped. Members \
            have to be on for that. etcd is away for some seconds.

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
    @OptionGroup var machines: MachineOptions
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
        let loaded = files.load()
        Diagnosing.show(loaded.diagnostics, sources: loaded.sources)
        guard loaded.topology != nil, !loaded.diagnostics.hasErrors else { throw ToldFailure(loaded.diagnostics) }
        let topology = try Diagnosing.showing(loaded.sources) { try renamed(machines.applied(to: loaded.checked())) }
        var workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        var adopted = false
        // Another cluster has keys of its own, and nodes that are there have theirs already.
        let isNew = try await workspace.provider.observe().nodes(of: topology.name).isEmpty
        if isNew, topology.name == backup.manifest.cluster { (workspace, adopted) = try workspace.adopting(backup) }
        let runner = PlanRunner(
            workspace: workspace,
            command: "slipway restore \(file)\(words)",
            json: output.json,
            yes: confirm.yes,
            mostBoots: boots.most,
        )
        let say: @Sendable (String) -> Void = { [output] in if !output.json { Output.note($0) } }
        if adopted { say("the backup was made on another host; the cluster keeps the keys that it had there") }
        try await workspace.restoring(backup, as: topology, say: say) { source in
            try await Diagnosing.showing(loaded.sources) {
                try await runner.restore(topology, source, sources: loaded.sources, keepsAdopted: adopted)
            }
        }
        guard !output.json else { return }
        try await ClusterStatus.print(cluster: topology.name, workspace: workspace)
        Output.note("Its topology is in the backup: slipway restore \(file) --extract DIRECTORY")
    }

    /// The options again, for advice on what to run next.
    private var words: String {
        (name.map { " --name \($0)" } ?? "") + (cidr.map { " --cidr \($0)" } ?? "")
            + (passphrase.file.map { " --passphrase-file \($0)" } ?? "") + machines.words
    }

    private func renamed(_ topology: Topology) throws -> Topology {
        var topology = topology
        if let name, name != topology.name {
            topology.name = name
            topology.network.cidr = .derived(fromCluster: name)
        }
        if let cidr = cidr.flatMap({ CIDRv4($0) }) { topology.network.cidr = cidr }
        return topology
    }
}
