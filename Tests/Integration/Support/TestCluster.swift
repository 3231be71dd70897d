import Foundation
import Synchronization
import TestKit
import Testing

/// A cluster with a name, a network and a directory of its own.
struct TestCluster: Sendable {
    let name: String
    /// Of its topology and unit files.
    let directory: String
    let cidr: String
    /// The host, before there was anything of the cluster.
    let before: HostTraces

    var file: String { "\(directory)/\(name).yaml" }

    private static let count = Mutex(0)

    /// Gives `body` a cluster of which nothing exists yet; afterwards takes it down, however `body` ended, and checks
    /// that nothing is left.
    static func with(_ name: String, _ body: (TestCluster) async throws -> Void) async throws {
        try Program.requireSandbox()
        let cluster = try await make(name)
        do {
            try await body(cluster)
        } catch {
            // A test that took too long is cancelled; what is left to do is done all the same.
            try await Task {
                await cluster.explain(error)
                try await cluster.removeAll()
            }.value
            throw error
        }
        try await cluster.removeAll()
        try await HostTraces.requireNothingSince(cluster.before, after: "the end of \(name)")
    }

    static func make(_ name: String) async throws -> TestCluster {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let directory = NSTemporaryDirectory() + "slipway-\(name)-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return TestCluster(
            name: name,
            directory: directory,
            cidr: "10.73.\(number).0/24",
            before: try await HostTraces.now(),
        )
    }

    /// Checks that the project's programs on the nodes have logged in words that are for people.
    func requirePlainJournals(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        // The kernel keeps fifteen characters of a program's name.
        let programs = ["fleetd", "flanneld", "locksmithd", "coreos-cloudini", "slipway-etcd-pr"]
        let command =
            "sudo journalctl --no-pager -q -o cat " + programs.map { "_COMM=\($0)" }.joined(separator: " ")
        for node in try await status().nodes {
            let journal = try await output(node.name, command)
            #expect(
                journal.contains("fleet"),
                "\(node.name) has logged nothing of its own: \(journal)",
                sourceLocation: sourceLocation,
            )
            for line in Set(journal.split(separator: "\n")) { LibraryWords.expectNone(in: String(line)) }
        }
    }

    /// Removes what a test left, with less trust in the program under test than `down` asks for.
    func removeAll() async throws {
        let ran = try await Program.slipway(["down", name, "--yes", "--timeout", "0"], deadline: 60)
        try? FileManager.default.removeItem(atPath: directory)
        try ran.expecting(0)
    }

    /// Prints what there is, for whoever reads why a test failed.
    private func explain(_ error: any Error) async {
        print("cluster \(name) failed its test: \(error)")
        let status = try? await Program.slipway(["status", name], deadline: 30)
        print("its status:\n\(status?.text ?? "none within 30 s")")
        let domains = try? await Program.virsh("list", "--all")
        print("libvirt's domains:\n\(domains?.text ?? "none told")")
        for node in await nodes() {
            let journal = try? await exec(node, Self.inquiry, deadline: 15)
            print("\(node) says:\n\(journal?.text ?? "nothing within 15 s")")
        }
    }

    private static let inquiry = """
        systemctl --no-pager --no-legend list-jobs; systemctl --no-pager --no-legend --failed
        systemctl --no-pager --no-legend list-units --state=activating,deactivating
        sudo journalctl --no-pager -q -n 40 -p notice
        """

    /// The names of the nodes, as far as `status` tells.
    private func nodes() async -> [String] {
        guard let ran = try? await Program.slipway(["status", name, "--json"], deadline: 30) else { return [] }
        return (try? ran.json(ClusterReport.self).nodes.map(\.name)) ?? []
    }

    // MARK: The topology file

    func write(_ text: String, to file: String) throws {
        let path = "\(directory)/\(file)"
        let parent = URL(filePath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    func topologyText() throws -> String { try String(contentsOfFile: file, encoding: .utf8) }

    func edit(_ change: (inout String) -> Void) throws {
        var text = try topologyText()
        change(&text)
        try write(text, to: "\(name).yaml")
    }

    /// One of the project's own topologies, under this cluster's name and on its network.
    func copyTopology(_ original: String) throws {
        let topologies = "\(Program.checkout)/Topologies"
        try FileManager.default.copyItem(atPath: "\(topologies)/units", toPath: "\(directory)/units")
        let text = try String(contentsOfFile: "\(topologies)/\(original).yaml", encoding: .utf8)
        let named = text.replacing("name: \(original)\n", with: "name: \(name)\n")
        try write(named.replacing(/cidr: \S+/, with: "cidr: \(cidr)"), to: "\(name).yaml")
    }

    /// A small topology, with one unit file for each of `units`.
    func writeTopology(members: Int, workers: Int, units: [String: String] = [:], extra: String = "") throws {
        var text = """
            # A cluster for a test.
            name: \(name)
            network:
              cidr: \(cidr) # its own
            fleet:
              machine_ttl: 5s
            roles:
              central:
                count: \(members)
                etcd: member
                metadata: {role: central}

            """
        if workers > 0 {
            text += """
                  worker:
                    count: \(workers) # grows
                    etcd: proxy
                    metadata: {role: worker}

                """
        }
        text += extra
        if !units.isEmpty { text += "units:\n" }
        for (unit, content) in units.sorted(by: { $0.key < $1.key }) {
            text += "  - file: \(unit)\n" + (unit.contains("@.") ? "    instances: 2\n" : "")
            try write(content, to: unit)
        }
        try write(text, to: "\(name).yaml")
    }

    // MARK: slipway

    @discardableResult
    func up(deadline: Int = 180) async throws -> Ran {
        try await Program.slipway(["up", file, "--yes"], deadline: deadline).expecting(0)
    }

    @discardableResult
    func scale(_ count: String, write: Bool = false) async throws -> Ran {
        try await Program.slipway(["scale", file, count, "--yes"] + (write ? ["--write"] : [])).expecting(0)
    }

    /// Takes the cluster down by its name, and checks that nothing is left.
    @discardableResult
    func down() async throws -> Ran {
        let ran = try await Program.slipway(["down", name, "--yes"]).expecting(0)
        try await HostTraces.requireNothingSince(before, after: "\(ran)")
        return ran
    }

    func plan(expecting code: Int) async throws { try await Program.slipway(["plan", file]).expecting(code) }

    /// What there is, well or not.
    func status() async throws -> ClusterReport {
        try await Program.slipway(["status", name, "--json"]).json()
    }

    /// What a green smoke test looks like, or an error with what failed.
    @discardableResult
    func smoke(deadline: Int = 180, sourceLocation: SourceLocation = #_sourceLocation) async throws -> SmokeReport {
        let report = try await Program.slipway(["smoke", name, "--json"], deadline: deadline).expecting(0).json(
            SmokeReport.self
        )
        #expect(report.passed, "\(report)", sourceLocation: sourceLocation)
        return report
    }

    /// Requires that `plan` has nothing to do and that every node and unit is well.
    ///
    /// A member that answers late, on a host that has much to do, is asked again for a while; nothing else is.
    func requireHealthy(within limit: Duration = .seconds(20)) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            let plan = try await Program.slipway(["plan", file, "--json"])
            let report = try await status()
            if plan.exitCode == 0, report.problems.isEmpty { return }
            let steps = plan.exitCode == 2 ? try plan.json(PlanReport.self).steps : []
            let isPatient =
                [0, 2].contains(plan.exitCode) && steps.allSatisfy(\.awaitsMembers)
                && report.problems.allSatisfy(report.memberProblems.contains)
            guard isPatient, ContinuousClock.now < deadline else {
                throw Unexpected("\(name) is not well: \(report.problems.joined(separator: "; "))\n\(plan)")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Waits until every node, machine and unit is well.
    @discardableResult
    func settle(within limit: Duration = .seconds(30)) async throws -> ClusterReport {
        let deadline = ContinuousClock.now + limit
        while true {
            let report = try await status()
            if report.problems.isEmpty { return report }
            guard ContinuousClock.now < deadline else {
                throw Unexpected("\(name) is not well after \(limit): \(report.problems.joined(separator: "; "))")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    // MARK: In nodes

    /// Runs a shell script on a node, by `slipway exec`.
    func exec(_ node: String, _ script: String, deadline: Int = 60) async throws -> Ran {
        try await Program.slipway(["exec", name, node, "--", script], deadline: deadline)
    }

    /// What a script that succeeds prints, without the last newline.
    func output(_ node: String, _ script: String, deadline: Int = 60) async throws -> String {
        try await exec(node, script, deadline: deadline).expecting(0).output.trimmingSuffix("\n")
    }

    /// Puts a file on a node.
    func put(_ text: String, _ path: String, on node: String) async throws {
        let encoded = Data(text.utf8).base64EncodedString()
        try await exec(node, "echo \(encoded) | base64 -d > \(path)").expecting(0)
    }

    /// Ends a node as a power cut does.
    func cutPower(_ node: String) async throws { _ = try await Program.virsh("destroy", "\(name).\(node)") }
}
