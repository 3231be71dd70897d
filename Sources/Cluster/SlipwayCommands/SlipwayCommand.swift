import ArgumentParser
import FileErrors
import FoundationEssentials
import Workspace

/// The `slipway` program: its commands, grouped as a person meets them.
package struct SlipwayCommand: AsyncParsableCommand {
    /// Name, help and subcommands.
    package static let configuration = CommandConfiguration(
        commandName: "slipway",
        abstract: "Bring up real Linux clusters (systemd, etcd, fleet, Docker) on libvirt, from a file.",
        discussion: """
            A first cluster:
              slipway up Topologies/dev-test.yaml      plan it, boot it, deploy its units
              slipway status dev-test                  see its nodes and units
              slipway ssh dev-test worker-1            log in to a node
              slipway smoke dev-test                   check that it works
              slipway down dev-test                    remove every trace

            Commands that make or change a cluster take its topology file; the others also the name of one that exists.
            """,
        version: SlipwayVersion.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Cluster",
                subcommands: [
                    ClusterValidate.self, ClusterPlan.self, ClusterUp.self, ClusterScale.self, ClusterAdopt.self,
                    ClusterStatus.self,
                    ClusterList.self, DashboardCommand.self, ClusterGraph.self, ClusterMetrics.self, ClusterEvents.self,
                    ClusterHistoryList.self, ClusterRoll.self, ClusterUpgrade.self, ClusterRollback.self,
                    ClusterSmoke.self, ClusterChaos.self, SnapshotCommand.self, BackupCommand.self,
                    ClusterClone.self,
                    ClusterRestore.self, ClusterReplace.self, ClusterRecover.self, ClusterMaintain.self,
                    ClusterSupport.self, ClusterDown.self,
                ],
            ),
            CommandGroup(
                name: "Nodes",
                subcommands: [
                    NodeRender.self, NodeSSH.self, NodeExec.self, NodeStart.self, NodeStop.self,
                    NodeRestart.self, NodeConsole.self, NodeLogs.self,
                    ClusterSSHConfig.self, ClusterEnv.self,
                ],
            ),
            CommandGroup(
                name: "Host",
                subcommands: [ImageCommand.self, DiscoveryCommand.self, HostDoctor.self, SchemaCommand.self],
            ),
        ],
    )

    package init() {}

    /// Does what the command line says, and ends the program.
    package static func main() async {
        if let error = await failure(of: nil) { exit(withError: error) }
    }

    /// Does what a command line says.
    ///
    /// - Parameter arguments: without the program's name; nil for this program's own.
    /// - Returns: what the program ends with, which is already printed where that is an exit code; nil for success.
    static func failure(of arguments: [String]?) async -> (any Error)? {
        let command: any ParsableCommand
        do {
            command = try parseAsRoot(arguments)
        } catch {
            return error
        }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
            return nil
        } catch {
            return await ending(command, error)
        }
    }

    /// Says what was wrong, and what of this host may be why. Every command that fails ends here.
    private static func ending(_ command: any ParsableCommand, _ failure: any Error) async -> any Error {
        // A file's error that was not described further down.
        let error = (failure as? CocoaError).map { UserError($0.plainReason, isAboutHost: true) } ?? failure
        if let command = command as? any JSONCommand, command.output.json {
            do {
                if let text = try FailurePayload(error, of: command)?.text { Output.print(text) }
            } catch {
                return error
            }
        }
        guard HostSuspects.causes(of: error) != nil, HostWorkspace.substitutes == nil else {
            return (error as? ToldFailure)?.code ?? error
        }
        if !(error is ToldFailure) { Output.note(fullMessage(for: error)) }
        await HostSuspects.tell(of: error, in: command)
        return (error as? ToldFailure)?.code ?? exitCode(for: error)
    }
}

enum SlipwayVersion {
    static let current = "0.1.0"
}
