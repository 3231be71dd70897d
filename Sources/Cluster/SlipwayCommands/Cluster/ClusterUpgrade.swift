import ArgumentParser
import Basics
import Planning
import TopologyLoading
import TopologyModel
import Workspace

struct ClusterUpgrade: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Give a cluster's nodes a newer root and the node programs of today, one after the other.",
        usage: """
            slipway upgrade FILE [NODE…] [--to VERSION] [--role ROLE] [--max COUNT] [--canary NODE] [--dry-run]
            """,
        discussion: """
            A node keeps what it is and holds: its identity, /etc, its journal, etcd's data, Docker's images and volumes. \
            Workers go first, then etcd's members, one at a time, each when etcd is whole again. A node leaves fleet \
            before it restarts, so that its units run elsewhere by then, and takes its place in the reboot semaphore where \
            its strategy is etcd-lock, as in `slipway roll`.

            A node that does not come back ready, or on which a unit has failed that ran before, gets its old root back, \
            and the upgrade stops there and says what was seen. Where slipway itself has ended meanwhile, the node goes \
            back: it has one boot for the new root, and reboots with the old one when it is not well after --within. \
            Stopped at any moment, the same command goes on: which root each node runs is looked up. One that a node went \
            back from is given to no node before somebody says --again. `slipway rollback` brings back the roots from \
            before.

            With --stage nodes get the image for their next boot, and the command ends: one whose `reboot_strategy` is etcd-lock \
            takes its place in the semaphore and reboots by itself, `reboot` at once, `best-effort` as one of both, and \
            `off` waits for a person. Given the image that it runs (--to), a node forgets what was staged.

            The version is the one that the file names in `image`, or the newest of this host: slipway image update makes \
            one, slipway image list shows them. Virtual machines are refused: their disks lie on their root.
            """,
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: "Nodes to upgrade; without any, all of them.")
    var nodes: [String] = []
    @Option(help: ArgumentHelp("Version, day or digest of a root on this host.", valueName: "version"))
    var to: String?
    @Option(help: ArgumentHelp("A node that goes first; the others follow when it is well.", valueName: "node"))
    var canary: String?
    @Flag(help: "Give nodes an image, too, that they went back from by themselves.")
    var again = false
    @Flag(help: "Only stage the image; each node takes it when it reboots, as its reboot strategy says.")
    var stage = false
    @OptionGroup var options: UpgradeOptions

    var output: JSONOption { options.output }

    func validate() throws {
        guard !stage || canary == nil else { throw ValidationError("--canary has no meaning with --stage") }
    }

    func run() async throws {
        let command = "slipway upgrade \(cluster)" + (to.map { " --to \($0)" } ?? "") + (stage ? " --stage" : "")
        let done = "Every node has the root and programs asked for" + (stage ? ", or knows of them." : ".")
        let (nodes, to, canary, again, stage) = (nodes, to, canary, again, stage)
        let (roles, atOnce, ignoresWindows) = (options.roles, options.atOnce, options.ignoresWindows)
        try await options.run(cluster, command: command, done: done) {
            topology in
            { inputs in
                Upgrade(
                    to: .root(try Self.target(to, topology, inputs)),
                    nodes: nodes,
                    roles: roles,
                    atOnce: atOnce,
                    canary: canary,
                    ignoresWindows: ignoresWindows,
                    triesAgain: again,
                    stages: stage,
                )
            }
        }
    }

    /// Digest of the root that is asked for: by the command line, by the file, or the newest.
    static func target(_ to: String?, _ topology: Topology, _ inputs: PlannerInputs) throws(UserError) -> String {
        var pin: String?
        if case .version(let text, _) = topology.root { pin = text }
        guard let text = to ?? pin else { return inputs.image.root }
        let version = try RootVersion.only(text, of: inputs.roots)
        if to != nil, let pin, try RootVersion.only(pin, of: inputs.roots) != version {
            throw UserError("the file asks for root \(pin), and --to for \(text): change `image` in the file instead")
        }
        return version.digest
    }
}

struct ClusterRollback: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Give a cluster's nodes back the root that they had before the last upgrade.",
        usage: "slipway rollback FILE [NODE…] [--role ROLE] [--max COUNT] [--dry-run]",
        discussion: """
            As `slipway upgrade`, the other way: one node after the other, with what they hold. Nodes that were not \
            upgraded, or went back already, are left as they are. Node programs stay those of today.
            """,
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: "Nodes to roll back; without any, all of them.")
    var nodes: [String] = []
    @OptionGroup var options: UpgradeOptions

    var output: JSONOption { options.output }

    func run() async throws {
        let upgrade = Upgrade(
            to: .previous,
            nodes: nodes,
            roles: options.roles,
            atOnce: options.atOnce,
            ignoresWindows: options.ignoresWindows,
        )
        try await options.run(
            cluster,
            command: "slipway rollback \(cluster)",
            done: "No node has a root to go back to.",
        ) { topology in
            // It would come again with the next `up`.
            guard topology.root == .kept else {
                throw UserError("the file asks for a root: name the one from before in `image`, then: slipway upgrade")
            }
            return { _ in upgrade }
        }
    }
}

/// Time in which a node has to be well on another image.
struct TrialTime: ExpressibleByArgument {
    /// Less than a node takes to boot would send each one back.
    private static let least = 10.0
    var duration = Duration.seconds(300)

    init() {}

    init?(argument: String) {
        guard let seconds = GoDuration.seconds(argument), seconds >= Self.least else { return nil }
        duration = .seconds(seconds.rounded(.up))
    }

    var defaultValueDescription: String { "5m" }
}

/// Options that `upgrade` and `rollback` share.
struct UpgradeOptions: ParsableArguments {
    @Option(
        name: .customLong("role"),
        help: ArgumentHelp("Only nodes of this role; may be repeated.", valueName: "role")
    )
    var roles: [String] = []
    @Option(name: .customLong("max"), help: "How many workers may be away at a time.")
    var atOnce = 1
    @Option(
        help: ArgumentHelp("How long a node may take to be well before it goes back by itself.", valueName: "duration")
    )
    var within = TrialTime()
    @Flag(name: .customLong("dry-run"), help: "Show the plan, and change nothing; exit code 2 where there is one.")
    var isDry = false
    @Flag(name: .customLong("ignore-window"), help: "Restart outside coreos.locksmith's window, too.")
    var ignoresWindows = false
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var stop: StopOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard atOnce >= 1 else { throw ValidationError("--max is at least 1") }
    }

    /// Plans and carries the plan out, or shows it.
    ///
    /// - Parameters:
    ///   - done: what is said where there is nothing to do.
    ///   - upgrade: what is asked for of a topology.
    func run(
        _ cluster: String,
        command: String,
        done: String,
        _ upgrade: (Topology) throws -> @Sendable (PlannerInputs) throws -> Upgrade,
    ) async throws {
        let (topology, sources) = try Diagnosing.topology(ClusterArgument(cluster), runtimes)
        let wanted = try upgrade(topology)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        guard !isDry else {
            let plan = try await Diagnosing.showing(sources) {
                try await workspace.plan(topology, wanted, progress: Output.note).plan
            }
            return try show(plan, done: done, sources: sources)
        }
        let change = ChangeCommand(
            line: command + runtimes.words,
            json: output.json,
            yes: true,
            patience: stop.patience,
            trial: within.duration,
            assumedFile: ClusterArgument(cluster).installedFile,
        )
        let runner = PlanRunner(workspace: workspace, command: change)
        try await Diagnosing.showing(sources) {
            let plan = try await runner.upgrade(topology, wanted, sources: sources)
            if plan.isEmpty { runner.printer.report(done) }
        }
    }

    private func show(_ plan: Plan, done: String, sources: [String: String]) throws {
        Diagnosing.show(plan.warnings, sources: sources)
        if output.json {
            try Output.json(PlanPayload(plan))
        } else {
            Output.print(plan.isEmpty ? done : PlanText(plan: plan, style: Output.style).text())
        }
        if !plan.isEmpty { throw ExitCode(2) }
    }
}
