import Basics
import Etcd
import Planning
import Provisioning
import SecureShell
import TopologyModel
import UnitFiles

/// Checks that a running cluster does what a cluster is for, and puts back what it changes.
package struct SmokeTest: Sendable {
    let executor: Executor
    let nodes: [ObservedNode]
    /// Distinguishes this run's keys and units from everything else's.
    let id: String

    /// - Parameters:
    ///   - nodes: the cluster's nodes, all of them powered on.
    ///   - id: a few letters and digits, new for every run.
    package init(executor: Executor, nodes: [ObservedNode], id: String) {
        self.executor = executor
        self.nodes = nodes
        self.id = id
    }

    /// The checks in order, by name.
    package static let names = Check.allCases.map(\.rawValue)

    enum Check: String, CaseIterable, Sendable {
        case members = "every member is healthy and agrees on the leader"
        case replication = "a write to one member is read from all"
        case proxies = "v2, v3 and watches work through every proxy"
        case placement = "a unit runs on each machine"
        case global = "a global unit runs on every machine"
        case conflict = "conflicting units run on different machines"
        case docker = "Docker pulls and runs a container on every node"
        case containers = "containers on different nodes reach each other"
        case names = "names of nodes and units resolve on every node"
        case loss = "a worker dies, and its unit runs elsewhere"
    }

    /// Runs every check, one after the other; a failure does not keep later ones from being tried.
    ///
    /// - Parameter progress: called as each check begins and ends.
    package func run(progress: @escaping @Sendable (Progress) -> Void) async throws -> [SmokeResult] {
        var results: [SmokeResult] = []
        for check in Check.allCases {
            try Task.checkCancellation()
            progress(.began(check.rawValue))
            let result = try await run(check) { progress(.step(check.rawValue, $0)) }
            progress(.ended(result))
            results.append(result)
        }
        return results
    }

    /// Factor for the limits of waits: machines without hardware acceleration are slow.
    var patience: Int { nodes.contains { $0.runtime == .vm } ? NodePlan.slowestMachine : 1 }

    /// Progress of a run.
    package enum Progress: Sendable {
        case began(String)
        case step(String, String)
        case ended(SmokeResult)
    }

    private func run(_ check: Check, say: @escaping @Sendable (String) -> Void) async throws -> SmokeResult {
        let clock = ContinuousClock()
        let begin = clock.now
        let outcome: SmokeResult.Outcome
        do {
            outcome = .passed(note: try await perform(check, say: say))
        } catch let inapplicable as SmokeInapplicable {
            outcome = .notApplicable(inapplicable.reason)
        } catch let failure as SmokeFailure {
            outcome = .failed(failure.message, evidence: failure.evidence)
        } catch let error as CancellationError {
            throw error
        } catch {
            outcome = .failed("\(error)", evidence: [])
        }
        return SmokeResult(name: check.rawValue, outcome: outcome, took: clock.now - begin)
    }

    /// - Returns: what to say of a check that holds, if anything.
    private func perform(_ check: Check, say: @escaping @Sendable (String) -> Void) async throws -> String? {
        switch check {
        case .members: try await checkMembers()
        case .replication: try await checkReplication()
        case .proxies: try await checkProxies()
        case .placement: try await checkPlacement(say: say)
        case .global: try await checkGlobal(say: say)
        case .conflict: try await checkConflict(say: say)
        case .docker: return try await checkDocker(say: say)
        case .containers: return try await checkContainers(say: say)
        case .names: return try await checkNames(say: say)
        case .loss: try await checkLoss(say: say)
        }
        return nil
    }

    // MARK: The cluster

    var members: [ObservedNode] { nodes.filter { $0.etcd == .member } }
    var proxies: [ObservedNode] { nodes.filter { $0.etcd == .proxy } }
    var machines: [ObservedNode] { nodes.filter(\.runsFleet) }
    var endpoints: [String] { members.compactMap(\.clientURL) }
    var fleet: any FleetAccess { executor.clusters.fleet(endpoints) }

    func machineID(_ node: ObservedNode) -> String { Identity.machineID(cluster: node.cluster, node: node.name) }

    /// Runs a command on a node and insists on its success. On machines that are slow it may take more than the limit.
    func run(_ command: String, on node: ObservedNode, limit: Duration, failure: String) async throws -> String {
        guard let address = node.address else { throw SmokeFailure(message: "\(node.name) has no address") }
        let output = try await executor.shell.run(command, on: node.name, at: address, deadline: limit * patience)
        guard output.exitCode == 0 else {
            let said = (output.standardOutput + output.standardError).split(whereSeparator: \.isNewline).suffix(20)
            throw SmokeFailure(message: "\(node.name): \(failure)", evidence: said.map(String.init))
        }
        return output.standardOutput
    }

    /// Does something on all nodes at once.
    func eachNode(
        _ some: [ObservedNode]? = nil,
        _ body: @escaping @Sendable (ObservedNode) async throws -> String,
    ) async throws -> [(node: ObservedNode, said: String)] {
        let nodes = some ?? nodes
        return try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for (index, node) in nodes.enumerated() {
                group.addTask { (index, try await body(node)) }
            }
            var said = [String](repeating: "", count: nodes.count)
            for try await (index, text) in group { said[index] = text }
            return zip(nodes, said).map { ($0, $1) }
        }
    }

    /// A shell's condition: this is a foreign image, recognised by the mark that the node programs' installer leaves,
    /// without this program. In Slipway's own image its absence would be a fault.
    static func imageLacks(_ program: String) -> String {
        "[ -e \(ConfigMedium.installedLayer) ] && ! command -v \(program) >/dev/null"
    }

    /// Deploys units, waits for what is expected of them, and takes them away again whatever happened.
    func withUnits<Result: Sendable>(
        _ units: [UnitPlan],
        _ body: @Sendable () async throws -> Result,
    ) async throws -> Result {
        do {
            for unit in units { try await fleet.deploy(unit) }
            let result = try await body()
            try await remove(units)
            return result
        } catch {
            // Not cancelled with the run: what was made goes away even after Ctrl-C.
            let removal = Task { try await remove(units) }
            try? await removal.value
            throw error
        }
    }

    func remove(_ units: [UnitPlan]) async throws {
        for unit in units { try await fleet.destroy(unit.name) }
        let names = Set(units.map(\.name))
        _ = try await fleet.observe(
            until: { seen in names.allSatisfy { seen.units[$0] == nil } },
            limit: .seconds(15) * patience,
        )
    }

    /// Waits until fleet shows what is expected.
    func expect(
        _ what: String,
        limit: Duration? = nil,
        units: [UnitPlan],
        _ holds: @escaping @Sendable (ObservedFleet) -> Bool,
    ) async throws -> ObservedFleet {
        let limit = limit ?? .seconds(30) * patience
        let result = try await fleet.observe(until: holds, limit: limit)
        guard result.done else {
            let evidence = units.map { unit in
                guard let seen = result.fleet.units[unit.name] else { return "\(unit.name): fleet does not have it" }
                let states = seen.states.map { "\($0.value) on \(name(of: $0.key))" }.naturallySorted()
                return "\(unit.name): \(states.isEmpty ? seen.reason ?? "not placed" : states.joined(separator: ", "))"
            }
            throw SmokeFailure(message: "\(what) (waited \(limit))", evidence: evidence)
        }
        return result.fleet
    }

    func name(of machineID: String) -> String {
        nodes.first { self.machineID($0) == machineID }?.name ?? String(machineID.prefix(8))
    }

    /// A unit that runs until it is stopped, with fleet's requirements as given.
    func unit(_ name: String, _ requirements: [String] = []) throws -> UnitPlan {
        let fleetSection = requirements.isEmpty ? "" : "\n[X-Fleet]\n" + requirements.map { "\($0)\n" }.joined()
        let text = """
            [Unit]
            Description=Slipway smoke test

            [Service]
            ExecStart=/bin/sleep infinity
            \(fleetSection)
            """
        let file = try UnitFile(parsing: text)
        return UnitPlan(
            name: "slipway-smoke-\(id)-\(name).service",
            text: file.canonicalText,
            hash: "\(file.hash)",
            desiredState: .launched,
        )
    }
}
