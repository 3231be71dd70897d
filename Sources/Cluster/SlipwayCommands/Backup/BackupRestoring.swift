import Backups
import Basics
import Diagnostics
import Planning
import Provisioning
import TopologyLoading
import TopologyModel
import Workspace

/// A cluster that is made from a backup, or that a backup is put into.
struct BackupRestoring {
    let backup: BackupFile
    let files: BackupTopology
    /// Command, for advice on what to run next.
    let command: String
    /// Another name for the cluster; nil for its own.
    var name: String?
    /// Another network; nil for the topology's, or with another name one derived from that.
    var cidr: CIDRv4?
    var runtimes: RuntimeOptions
    var mostBoots: Int?
    let json: Bool
    let yes: Bool
    /// Way on after it was stopped or has failed, where that is not the same command again.
    var wayOn: String?

    /// Carries it out.
    ///
    /// - Returns: name of the cluster, and the workspace with its keys.
    func restore(uri: String) async throws -> (cluster: String, workspace: HostWorkspace) {
        let loaded = files.load()
        Diagnosing.show(loaded.diagnostics, sources: loaded.sources)
        guard loaded.topology != nil, !loaded.diagnostics.hasErrors else { throw ToldFailure(loaded.diagnostics) }
        let topology = try Diagnosing.showing(loaded.sources) { try renamed(runtimes.applied(to: loaded.checked())) }
        var workspace = try await HostWorkspace.open(uri, reachesNodes: true)
        var adopted = false
        // Another cluster has keys of its own, and nodes that are there have theirs already.
        let isNew = try await workspace.provider.observe().nodes(of: topology.name).isEmpty
        if isNew, topology.name == backup.manifest.cluster { (workspace, adopted) = try workspace.adopting(backup) }
        let change = ChangeCommand(line: command, json: json, yes: yes, mostBoots: mostBoots, wayOn: wayOn)
        let runner = PlanRunner(workspace: workspace, command: change)
        let say: @Sendable (String) -> Void = { [json] in if !json { Output.note($0) } }
        if adopted { say("the backup was made on another host; the cluster keeps the keys that it had there") }
        _ = try await workspace.restoring(backup, as: topology, say: say) { [adopted] source in
            try await Diagnosing.showing(loaded.sources) {
                try await runner.restore(topology, source, sources: loaded.sources, keepsAdopted: adopted)
            }
        }
        return (topology.name, workspace)
    }

    private func renamed(_ topology: Topology) throws -> Topology {
        var topology = topology
        if let name, name != topology.name {
            topology.name = name
            topology.network.cidr = .derived(fromCluster: name)
        }
        if let cidr { topology.network.cidr = cidr }
        return topology
    }
}
