import ArgumentParser
import Planning
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct SnapshotRemove: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove snapshots of a cluster, after asking.",
        usage: "slipway snapshot rm CLUSTER NAME…|--all [--yes]",
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Argument(help: "Names of snapshots.")
    var names: [String] = []
    @Flag(help: "Remove all of the cluster's.")
    var all = false
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    struct Payload: Encodable {
        var removed: [String]
    }

    func validate() throws {
        guard names.isEmpty == all else { throw ValidationError("name snapshots, or say --all") }
    }

    func run() async throws {
        let cluster = try ClusterArgument(cluster).clusterName()
        for name in names { _ = try SnapshotName(name) }
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let command = "slipway snapshot rm \(cluster) \(all ? "--all" : names.joined(separator: " "))"
        let removed = try await workspace.changing(cluster, purpose: command, note: Output.note) { _ in
            try await Interrupt.guarding(advice: "Stopped; what is not removed yet is still listed.") {
                try await remove(cluster, command, workspace)
            }
        }
        if output.json { return try Output.json(Payload(removed: removed)) }
        for name in removed { Output.print("Removed \(name).") }
        if removed.isEmpty { Output.print("There are no snapshots of \(cluster).") }
    }

    private func remove(_ cluster: ClusterName, _ command: String, _ workspace: HostWorkspace) async throws -> [String]
    {
        let seen = try await workspace.provider.observe()
        let present = seen.snapshots(of: cluster.description)
        let unknown = names.filter { !present.contains($0) }
        guard unknown.isEmpty else {
            let known = present.isEmpty ? "there is none" : "there are: \(present.joined(separator: ", "))"
            throw UserError("there is no snapshot '\(unknown[0])' of '\(cluster)'; \(known)")
        }
        let chosen = all ? present : names
        if let cut = seen.cutRestore(of: cluster.description), chosen.contains(cut.name) {
            throw UserError(cut: cut)
        }
        if !chosen.isEmpty, !confirm.yes {
            let count = Format.count(chosen.count, "snapshot")
            let question = "This removes \(count) of \(cluster): \(chosen.joined(separator: ", "))."
            guard try await Question.isConfirmed(question) else { throw ToldFailure("Nothing was changed.") }
        }
        guard !chosen.isEmpty else { return [] }
        try await workspace.recording(command, of: cluster.description, steps: { _ in chosen.count }) {
            try await workspace.provider.removeSnapshots(chosen, of: cluster.description)
        }
        return chosen
    }
}
