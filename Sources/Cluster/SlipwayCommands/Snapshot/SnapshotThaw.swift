import ArgumentParser
import Planning
import Provisioning
import TopologyModel
import Workspace

/// Lets nodes run on when the program that froze them is no more. `snapshot save` starts it, and nobody else.
struct SnapshotThaw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thaw",
        abstract: "Let nodes run on once standard input ends without a word.",
        shouldDisplay: false,
    )

    @Argument(help: "Name of the cluster.")
    var cluster: String
    @Argument(help: "Names of nodes.")
    var nodes: [String]
    @OptionGroup var connect: ConnectOptions

    /// Runs `body`, which freezes the nodes, while another process watches.
    static func guarding(
        _ nodes: [NodeReference],
        uri: String,
        _ body: @escaping @Sendable () async throws -> Void,
    ) async throws {
        guard let cluster = nodes.first?.cluster else { return try await body() }
        let words = ["snapshot", "thaw", "--connect", uri, cluster] + nodes.map(\.name)
        let watched = try await GuardProcess.watching(words, refusal: "no node is frozen", body)
        if let trouble = watched.trouble {
            throw ProvisioningError("the process that lets nodes run on when this one is killed \(trouble)")
        }
    }

    func run() async throws {
        let cluster = try ClusterName(cluster)
        let workspace = try await HostWorkspace.open(connect.uri)
        // libvirt is known to answer before anything is frozen.
        _ = try await workspace.provider.observe()
        guard await GuardProcess.isNeeded() else { return }
        for node in nodes {
            let reference = NodeReference(cluster: cluster.description, name: node, runtime: .container)
            try await workspace.provider.thaw(reference)
        }
    }
}
