import ArgumentParser
import Dispatch
import Planning
import Provisioning
import Subprocess
import SystemPackage
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

    func run() async throws {
        let cluster = try ClusterName(cluster)
        let workspace = try await HostWorkspace.open(connect.uri)
        // libvirt is known to answer before anything is frozen.
        _ = try await workspace.provider.observe()
        Output.print(FreezeGuard.ready)
        guard await Self.line() != FreezeGuard.done else { return }
        for node in nodes {
            let reference = NodeReference(cluster: cluster.description, name: node, runtime: .container)
            try await workspace.provider.thaw(reference)
        }
    }

    private static func line() async -> String? {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "slipway.guard").async { continuation.resume(returning: readLine()) }
        }
    }
}

/// The process that sees to it that frozen nodes run on when this one is killed.
enum FreezeGuard {
    static let ready = "ready"
    static let done = "done"

    /// Runs `body` while the other process watches.
    static func watching(
        _ nodes: [NodeReference],
        uri: String,
        _ body: @escaping @Sendable () async throws -> Void,
    ) async throws {
        guard let cluster = nodes.first?.cluster else { return try await body() }
        var options = PlatformOptions()
        // Neither Ctrl-C nor the end of the terminal is for it.
        options.createSession = true
        let words = ["snapshot", "thaw", "--connect", uri, cluster] + nodes.map(\.name)
        let result = try await Subprocess.run(
            .path("/proc/self/exe"),
            arguments: Arguments(executablePathOverride: "slipway", remainingValues: words),
            environment: .inherit,
            platformOptions: options,
            input: .inputWriter,
            output: .sequence,
            error: .discarded,
        ) { execution in
            var said = ""
            for try await buffer in execution.standardOutput {
                said += buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                if said.contains("\n") { break }
            }
            guard said.hasPrefix(ready) else {
                throw ProvisioningError("no node is frozen: the process that would let them run on does not start")
            }
            try await body()
            _ = try await execution.standardInputWriter.write("\(done)\n")
            try await execution.standardInputWriter.finish()
        }
        guard result.terminationStatus.isSuccess else {
            throw ProvisioningError("the process that lets nodes run on ended with \(result.terminationStatus)")
        }
    }
}
