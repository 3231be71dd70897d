import Chaos
import FaultInjection
import FileErrors
import FoundationEssentials
import Planning
import Provisioning
import SystemPackage
import TopologyModel
import Workspace

/// What a run left that was killed: found by its record, undone by its run's own means.
enum ChaosHealing {
    /// The record of a cluster's run.
    static func ledger(of cluster: String, home: String) -> FaultLedger {
        FaultLedger(path: "\(home)/chaos/\(cluster).json")
    }

    static func nodes(of name: ClusterName, _ workspace: HostWorkspace) async throws -> [ObservedNode] {
        let nodes = try await workspace.provider.observe().nodes(of: name.description).filter(\.hasDomain)
        guard !nodes.isEmpty else { throw UserError("there is no cluster '\(name)'; see: slipway list") }
        _ = try workspace.sshTargets(cluster: name, nodes: nodes)
        return nodes
    }

    /// A run of a cluster.
    static func run(
        _ settings: ChaosRun.Settings,
        _ name: ClusterName,
        nodes: [ObservedNode],
        _ workspace: HostWorkspace,
        check: @escaping @Sendable () async throws -> Void,
        say: @escaping @Sendable (ChaosRun.Progress) -> Void,
    ) throws -> ChaosRun {
        ChaosRun(
            settings,
            executor: try workspace.executor(cluster: name, certificates: nodes.compactMap(\.certificates)) { _ in },
            host: LibvirtDaemons(uri: workspace.uri),
            nodes: nodes,
            ledger: ledger(of: name.description, home: workspace.home.string),
            etcd: { try workspace.etcdClient(of: name.description, nodes: nodes, endpoints: $0, timeout: .seconds(3)) },
            check: check,
            say: say,
        )
    }

    /// Undoes what an earlier run left.
    ///
    /// - Returns: what was undone, and what could not be, for people; nil where nothing was left.
    static func heal(
        _ name: ClusterName,
        nodes: [ObservedNode],
        _ workspace: HostWorkspace,
    ) async throws -> (text: String, troubles: [String])? {
        let ledger = ledger(of: name.description, home: workspace.home.string)
        guard let record = try ledger.read() else { return nil }
        Output.note("A chaos run was cut short (`\(record.holder)`); undoing what it left.")
        let settings = ChaosRun.Settings(scenario: .standard, seed: 0, limit: .zero, holder: record.holder)
        let run = try run(settings, name, nodes: nodes, workspace, check: {}, say: { _ in })
        guard let healed = try await run.heal() else { return nil }
        let what = healed.faults.isEmpty ? "its units and keys" : healed.faults.joined(separator: "; ")
        return ("Undid what was left of a chaos run: \(what).", healed.troubles)
    }

    /// Undoes what an earlier run left, all of it.
    static func healAll(_ name: ClusterName, nodes: [ObservedNode], _ workspace: HostWorkspace) async throws -> String?
    {
        guard let healed = try await heal(name, nodes: nodes, workspace) else { return nil }
        guard healed.troubles.isEmpty else {
            throw UserError(
                "not all that a chaos run left is undone: \(healed.troubles.joined(separator: "; "))\n"
                    + "Bring the cluster up, which goes on with it: slipway up \(name)"
            )
        }
        return healed.text
    }

    // MARK: Guard

    /// Waits until the process that started this one has ended, and undoes its run where it was killed.
    static func watch(_ name: ClusterName, _ workspace: HostWorkspace) async throws {
        guard await GuardProcess.isNeeded() else { return }
        let ledger = ledger(of: name.description, home: workspace.home.string)
        // Its lock ends with it, a moment after its output. Whoever has taken the lock since may undo the run before.
        let end = ContinuousClock.now + .seconds(30)
        while try ledger.read() != nil {
            do {
                _ = try await workspace.changing(name, purpose: "slipway chaos \(name) --heal", note: Output.note) {
                    _ in
                    try await healAll(name, nodes: try await nodes(of: name, workspace), workspace)
                }
            } catch {
                guard ContinuousClock.now < end else { throw error }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    // MARK: doctor

    /// Records of runs that are not under way.
    static func findings() -> [HostFinding] {
        let home: FilePath
        let names: [String]
        do {
            home = try SlipwayHome.path()
            let directory = home.appending("chaos").string
            guard FileManager.default.fileExists(atPath: directory) else { return [] }
            names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".json") }
        } catch {
            return [HostFinding(what: "chaos", level: .warning, detail: "records of runs: \(error.plainReason)")]
        }
        return names.sorted().compactMap { file in
            let cluster = String(file.dropLast(5))
            do {
                guard let name = try? ClusterName(cluster), try !HostWorkspace.isBeingChanged(name, home: home),
                    let record = try ledger(of: cluster, home: home.string).read()
                else { return nil }
                return finding(cluster, record)
            } catch {
                return HostFinding(what: "chaos", level: .warning, detail: "\(error)")
            }
        }
    }

    static func finding(_ cluster: String, _ record: FaultRecord) -> HostFinding {
        let faults = record.faults.map(\.description).joined(separator: "; ")
        return HostFinding(
            what: "chaos",
            level: .warning,
            detail: "a run in cluster '\(cluster)' was cut short and left "
                + (faults.isEmpty ? "its units and keys" : faults),
            remedy: "slipway chaos \(cluster) --heal",
        )
    }
}
