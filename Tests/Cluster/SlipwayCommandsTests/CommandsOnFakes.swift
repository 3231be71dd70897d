import ArgumentParser
import Foundation
import Planning
import Provisioning
import SystemPackage
import TestKit
import TopologyModel
import Workspace

@testable import SlipwayCommands

/// A host in memory, on which whole commands run: parsed, carried out and printed as the program does.
struct CommandsOnFakes {
    /// What a command ended with.
    struct Outcome {
        var code: Int32
        var output: String
        var error: String
    }

    /// Nodes and what runs on them.
    let cluster: FakeCluster
    private var substitutes: WorkspaceSubstitutes
    /// URI of libvirt. This host's libvirt is taken to be elsewhere, so that nothing depends on the memory there is.
    private var uri = "fake://host/"

    /// - Parameters:
    ///   - home: a directory for keys and locks.
    ///   - topology: that of the cluster whose nodes the host can have.
    init(home: String, topology: String) async throws {
        let cluster = await FakeCluster()
        self.cluster = cluster
        substitutes = WorkspaceSubstitutes(
            home: FilePath(home).appending("slipway"),
            provider: cluster.provider,
            leases: FakeLeases(),
            images: FakeImages(),
            image: PlannerInputs.fixed.image,
            shell: cluster,
            clusters: cluster,
            keys: FakeEtcd(),
            reaches: { address, _ in cluster.reaches(address) },
        )
        try await know(topology)
    }

    /// Lets the host have the nodes of a topology, as far as it has them not yet.
    func know(_ topology: String) async throws {
        let loaded = try ClusterArgument(topology).topology()
        let plan = try await workspace().planAnew(loaded) { _ in }
        cluster.know(plan.nodes)
    }

    /// What commands work with.
    func workspace() async throws -> HostWorkspace {
        try await HostWorkspace.$substitutes.withValue(substitutes) { try await HostWorkspace.open("fake:///") }
    }

    /// The same host as another of its users has it, who has keys in a directory of their own.
    func asUser(_ user: UInt32, home: String) -> CommandsOnFakes {
        var host = self
        host.substitutes.home = FilePath(home)
        host.substitutes.user = user
        host.uri = "fake:///"
        return host
    }

    /// Runs a command.
    func run(_ words: [String]) async throws -> Outcome {
        let recorder = OutputRecorder()
        let connected =
            words + (words.first == "plan" && words.contains("--offline") ? [] : ["--connect", uri])
        let error = await HostWorkspace.$substitutes.withValue(substitutes) {
            await Output.$recorder.withValue(recorder) { await SlipwayCommand.failure(of: connected) }
        }
        let message = error.map { SlipwayCommand.fullMessage(for: $0) } ?? ""
        return Outcome(
            code: error.map { SlipwayCommand.exitCode(for: $0).rawValue } ?? 0,
            output: recorder.output,
            error: recorder.error + (message.isEmpty ? "" : message + "\n"),
        )
    }
}
