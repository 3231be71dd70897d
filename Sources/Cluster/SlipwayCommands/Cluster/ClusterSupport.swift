import ArgumentParser
import Backups
import Basics
import FoundationEssentials
import Planning
import Provisioning
import SecureShell
import Synchronization
import Terminal
import TopologyModel
import Workspace

struct ClusterSupport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "support",
        abstract: "Write what a bug report needs of a cluster into one file.",
        discussion: """
            The archive holds versions, what `doctor`, `status` and `metrics` say, the topology file where one is given, and \
            of each node its journal, console, units, addresses and memory; of a node that cannot be reached, what its \
            hypervisor knows. Private keys, passwords, tokens and hashes of passwords are taken out of every file. It is \
            readable by you alone; look at it before you pass it on:

              slipway support production
              tar -xOf slipway-support-production.tar production/status.txt
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Option(
        name: [.customLong("output"), .customShort("o")],
        help: ArgumentHelp("Where to write it (default: slipway-support-CLUSTER.tar).", valueName: "file")
    )
    var file: String?
    @Option(name: [.long, .customShort("n")], help: "How many of the last lines of each journal.")
    var lines = 2_000
    @OptionGroup var connect: ConnectOptions

    func validate() throws {
        guard lines > 0 else { throw ValidationError("--lines is 1 or more") }
    }

    func run() async throws {
        let argument = ClusterArgument(cluster)
        let name = try argument.clusterName()
        let path = file ?? "slipway-support-\(name).tar"
        try await Interrupt.guarding(advice: "Stopped; no file was written.") {
            var bundle = SupportBundle(cluster: name.description)
            if argument.isFile { bundle.add("topology.yaml", try String(contentsOfFile: cluster, encoding: .utf8)) }
            Output.note("looking at this host")
            bundle.add("host.txt", try await HostText.read())
            var doctor = HostDoctor()
            doctor.connect = connect
            bundle.add("doctor.json", try JSONText.pretty(await doctor.check()))
            do {
                try await describe(name, in: &bundle)
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as ProvisioningError {
                // There is no such cluster.
                throw error
            } catch {
                // What could not be read is what the report is about.
                bundle.add("failure.txt", "\(error)\n")
                Output.note("\(error)")
            }
            try bundle.write(to: path)
        }
        Output.print("\(path) is written; its files are listed by: tar -tf \(ShellWord.quoted(path))")
    }

    private func describe(_ name: ClusterName, in bundle: inout SupportBundle) async throws {
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let (report, seen) = try await StatusReport.observing(name.description, workspace)
        let nodes = seen.provider.nodes(of: name.description)
        bundle.add("status.txt", report.text(style: .plain, all: true))
        bundle.add("status.json", try JSONText.pretty(report))
        bundle.add("metrics.txt", try await ClusterFigures.reading(report, seen, workspace).text)
        do {
            let history = try await workspace.history(of: name.description, last: ClusterHistory.most)
            bundle.add("history.txt", ClusterHistoryList.table(history).format(style: .plain))
        } catch let error where !(error is CancellationError) {
            // An etcd that does not answer is what a report may be about.
            bundle.add("history.txt", "\(error)\n")
        }
        let client = try workspace.sshClient(cluster: name)
        let targets = try workspace.sshTargets(cluster: name, nodes: nodes.filter { $0.power == .running })
        Output.note("asking \(nodes.count) node\(nodes.count == 1 ? "" : "s")")
        let said = await withTaskGroup(of: (String, String, String).self) { group in
            var said: [(String, String, String)] = []
            for (index, node) in nodes.enumerated() {
                if index >= Self.atOnce { said.append(contentsOf: await group.next().map { [$0] } ?? []) }
                let target = targets.first { $0.node == node.name }
                group.addTask {
                    let evidence = await workspace.provider.evidence(for: NodeReference(node), lines: lines)
                    let answer = await ask(target, client)
                    return (node.name, answer, evidence.joined(separator: "\n"))
                }
            }
            for await answer in group { said.append(answer) }
            return said
        }
        for (node, answer, evidence) in said.sorted(by: { $0.0 < $1.0 }) {
            bundle.add("nodes/\(node).txt", answer)
            bundle.add("nodes/\(node)-hypervisor.txt", evidence)
        }
    }

    /// Lines as they come.
    private final class Collected: Sendable {
        private let lines = Mutex("")

        var text: String { lines.withLock { $0 } }

        func add(_ line: String) { lines.withLock { $0 += line + "\n" } }
    }

    private static let atOnce = 16
    private static let limit = Duration.seconds(60)

    private func ask(_ target: SSHTarget?, _ client: SSHClient) async -> String {
        guard let target else { return "it is not on\n" }
        let collected = Collected()
        do {
            let done: Bool? = try await withDeadline(Self.limit) {
                try await client.lines(of: Self.questions(lines: lines), on: target) { collected.add($0) }
                return true
            }
            if done == nil { collected.add("no more within \(Format.duration(Self.limit))") }
        } catch {
            collected.add("\(error)")
        }
        return collected.text
    }

    /// Commands whose output says most of a node; one that fails is followed by the next.
    private static func questions(lines: Int) -> String {
        [
            "uname -a", "uptime", "free -m", "df -h", "ip -brief address", "ip route", "cat /etc/os-release",
            "systemctl --no-pager --failed", "systemctl --no-pager list-jobs",
            "systemctl --no-pager list-units --type=service,socket,mount,timer",
            "systemctl --no-pager status etcd2 fleet docker", "etcdctl member list", "fleetctl list-units --full",
            "fleetctl list-machines --full", "docker ps --all", "sudo journalctl --no-pager --quiet --lines=\(lines)",
        ].map { "echo '$ \($0)'; \($0) 2>&1; echo" }.joined(separator: "\n")
    }
}
