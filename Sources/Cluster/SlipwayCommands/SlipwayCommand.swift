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
        let command: any ParsableCommand
        do {
            command = try parseAsRoot()
        } catch {
            exit(withError: error)
        }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
        } catch let error as CocoaError {
            // A file's error that was not described further down.
            end(command, UserError(error.plainReason))
        } catch {
            end(command, error)
        }
    }

    private static func end(_ command: any ParsableCommand, _ error: any Error) -> Never {
        if let command = command as? any JSONCommand, command.output.json {
            do {
                if let text = try FailurePayload(error, of: command)?.text { Output.print(text) }
            } catch {
                exit(withError: error)
            }
        }
        exit(withError: (error as? ToldFailure)?.code ?? error)
    }
}

enum SlipwayVersion {
    static let current = "0.1.0"
}
