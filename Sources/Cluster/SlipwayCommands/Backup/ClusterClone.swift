import ArgumentParser
import Backups
import Basics
import FoundationEssentials
import Planning
import Provisioning
import TopologyModel
import Workspace

struct ClusterClone: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "clone",
        abstract: "Make a second cluster like one that runs, beside it.",
        usage: "slipway clone CLUSTER NEW [--cidr CIDR]",
        discussion: """
            The new cluster is made by the first one's topology file, with nodes, addresses, keys and certificates of its \
            own, and its etcd begins with a snapshot of the first one's: keys of version 3 and 2, and so fleet's units, \
            which start on the same nodes. The first cluster runs on meanwhile. It is `backup` and `restore --name` in one.

            What is on nodes' disks is not in it, since it bears the first one's names and addresses: Docker's images, \
            containers and volumes, journals, files that units or people wrote. To come back to disks as they were: \
            slipway snapshot.

              slipway clone production trial
              slipway clone production.yaml trial --cidr 10.72.9.0/24
            """,
    )

    @Argument(help: "The cluster's topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: "Name of the new cluster.")
    var new: String
    @Option(help: ArgumentHelp("Its network (default: derived from the name).", valueName: "cidr"))
    var cidr: String?
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var boots: BootOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func validate() throws {
        guard cidr.map({ CIDRv4($0) != nil }) ?? true else { throw ValidationError("--cidr is like 10.72.9.0/24") }
    }

    func run() async throws {
        _ = try ClusterName(new)
        let (name, files) = try BackupCreate.read(try ClusterArgument(cluster).path())
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let seen = try await workspace.provider.observe()
        guard seen.nodes(of: new).isEmpty, seen.network(of: new) == nil else {
            throw UserError("there is a cluster '\(new)' already; a clone is made anew: slipway down \(new)")
        }
        let say: @Sendable (String) -> Void = { [output] in if !output.json { Output.note($0) } }
        try await workspace.staging { directory in
            let path = "\(directory)/clone.backup"
            _ = try await Interrupt.guarding(advice: "Stopped; nothing was changed.") {
                try await workspace.backUp(name, files, to: path, replaces: false, passphrase: nil, say: say)
            }
            let backup = try BackupFile(at: path, passphrase: nil)
            let run = BackupRestoring(
                backup: backup,
                files: BackupTopology(name: backup.manifest.topology, texts: try backup.files),
                command: "slipway clone \(cluster) \(new)",
                name: new,
                cidr: cidr.flatMap { CIDRv4($0) },
                runtimes: runtimes,
                mostBoots: boots.most,
                json: output.json,
                yes: confirm.yes,
                wayOn: "'\(new)' is half made: remove it with `slipway down \(new)`, then clone again.",
            )
            _ = try await run.restore(uri: connect.uri)
        }
        guard !output.json else { return }
        try await ClusterStatus.print(cluster: new, workspace: workspace)
        Output.note(
            "Commands that take a file need one for it: a copy of \(files.topology) with `name: \(new)` and "
                + "`cidr: \(cidr ?? "\(CIDRv4.derived(fromCluster: new))")` under `network`."
        )
    }
}
