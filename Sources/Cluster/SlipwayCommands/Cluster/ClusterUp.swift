import ArgumentParser
import Planning
import TopologyLoading
import TopologyModel
import Workspace

struct ClusterUp: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Bring a cluster to what its file says.",
        discussion: """
            Makes what is missing, repairs what has drifted, removes what the file no longer asks for (after asking), \
            and waits until every node and unit is ready. Nothing to do is fine. After a crash, Ctrl-C or an error, \
            the same command goes on where it stopped.

            --rotate-certs gives every node of a cluster with TLS new keys and certificates, one node after the other, \
            each healthy again before the next. Where that was interrupted, the same command goes on. The keys from \
            before are accepted beside the new ones until the next renewal, and no longer.

            --replace NODE makes a node anew under its name and address, without what was stored on it: a worker that is \
            lost, or a member whose etcd data are broken, which leaves etcd first and joins it again with the data of the \
            others. It asks before, and is refused where no other member has the data.

            A node that is lost for good (its disk or directory has vanished, its record is damaged, a member's etcd data \
            are gone) is named with the command that makes it anew. With `repair: automatic` in the file `up` makes one \
            anew by itself, and asks only where something is left of it; the next `up` goes on with the next. What is \
            only off or silent is never lost.
            """,
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Flag(name: .customLong("rotate-certs"), help: "Also renew all keys and certificates, one node after the other.")
    var rotatesCertificates = false
    @OptionGroup var replace: ReplaceOption
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var boots: BootOptions
    @OptionGroup var timeline: TimelineOption
    @OptionGroup var stop: StopOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func run() async throws {
        let (topology, sources) = try Diagnosing.topology(ClusterArgument(cluster), runtimes)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let recorder = timeline.recorder(title: "slipway up \(cluster)")
        let command = ChangeCommand(
            line: "slipway up \(cluster)\(runtimes.words)\(replace.words)",
            json: output.json,
            yes: confirm.yes,
            patience: stop.patience,
            mostBoots: boots.most,
            timeline: recorder,
            assumedFile: ClusterArgument(cluster).installedFile,
        )
        let plan = try await recorder.recording {
            try await Diagnosing.showing(sources) {
                try await PlanRunner(workspace: workspace, command: command).converge(
                    topology,
                    sources: sources,
                    renewsCertificates: rotatesCertificates,
                    replaced: Set(replace.names),
                )
            }
        }
        guard !output.json, !plan.isEmpty else { return }
        try await ClusterStatus.print(cluster: topology.name, workspace: workspace)
    }
}
