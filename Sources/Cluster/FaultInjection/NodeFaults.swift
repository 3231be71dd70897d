import Basics
import Chaos
import Planning
import Provisioning
import SecureShell
import TopologyModel

/// Brings faults upon the nodes of a cluster, and undoes them.
package struct NodeFaults: Sendable {
    private let provider: any ClusterProvider
    private let shell: any NodeShell
    private let host: any HostDaemons
    private let nodes: [String: ObservedNode]

    /// Time that a node has for a command; emulated ones are slow.
    let patience: Duration
    /// Time after which a node undoes a fault by itself, beyond the fault's own.
    private static let overtime = 45
    /// Share of a processor that is left to a slow node.
    private static let slowPercent = 10
    /// Share of its memory that is left to a node with little of it.
    private static let lowPercent = 25
    /// What is left of its disk to a node with a slow one: less than a memory card has.
    private static let slowDisk = DiskLimit(bytesPerSecond: 2 << 20, operationsPerSecond: 50)

    /// - Parameter nodes: all nodes of the cluster.
    package init(
        provider: any ClusterProvider,
        shell: any NodeShell,
        host: any HostDaemons,
        nodes: [ObservedNode],
    ) {
        (self.provider, self.shell, self.host) = (provider, shell, host)
        self.nodes = Dictionary(nodes.map { ($0.name, $0) }) { $1 }
        patience = .seconds(10) * (nodes.contains { $0.runtime == .vm } ? NodePlan.slowestMachine : 1)
    }

    /// Brings a fault about.
    ///
    /// - Throws: ``FaultError`` with `.impossible` where a node cannot have it; whatever happened on other nodes until
    ///   then has to be undone.
    package func inject(_ fault: Fault) async throws {
        // Not stopped half way.
        if fault.kind.isOfHost { return try await Task { [host] in try await host.restartLibvirt() }.value }
        try await forEach(fault) { node in
            switch fault.kind {
            case .powerOff: try await provider.powerOff(NodeReference(node))
            case .freeze:
                try await orImpossible(node, fault.kind) { try await provider.freeze(NodeReference(node)) }
            case .reboot:
                try await provider.stop(NodeReference(node), deadline: patience * 3)
                try await provider.start(NodeReference(node))
            case .slowProcessor:
                try await orImpossible(node, fault.kind) {
                    try await provider.limitProcessor(of: NodeReference(node), to: Self.slowPercent)
                }
            case .lowMemory:
                try await orImpossible(node, fault.kind) {
                    try await provider.limitMemory(of: NodeReference(node), to: Self.lowPercent)
                }
            case .slowDisk:
                try await orImpossible(node, fault.kind) {
                    try await provider.limitDisk(of: NodeReference(node), to: Self.slowDisk)
                }
            default:
                guard let scripts = scripts(fault) else { return }
                let limit = Int(fault.seconds.rounded(.up)) + Self.overtime
                try await run(scripts.applying(fault, limit: limit), on: node, fault.kind)
            }
        }
    }

    /// Undoes a fault, whatever of it there is.
    package func undo(_ fault: Fault) async throws {
        // It is over once libvirt answers.
        if fault.kind.isOfHost { return _ = try await provider.observe() }
        try await forEach(fault) { node in
            switch fault.kind {
            // One that is paused runs on, one that runs is left alone.
            case .powerOff, .freeze, .reboot: try await provider.start(NodeReference(node))
            case .slowProcessor: try await provider.limitProcessor(of: NodeReference(node), to: nil)
            case .lowMemory: try await provider.limitMemory(of: NodeReference(node), to: nil)
            case .slowDisk: try await provider.limitDisk(of: NodeReference(node), to: nil)
            default:
                guard let scripts = scripts(fault) else { return }
                try await run(scripts.undoing(fault), on: node, fault.kind)
            }
        }
    }

    /// Undoes what an earlier run left: the faults of its record, and what the nodes themselves know of.
    ///
    /// - Returns: what could not be undone, with the reason.
    package func heal(_ record: FaultRecord) async throws -> [String] {
        var troubles: [String] = []
        // A node that is gone has no fault any more.
        for fault in record.faults where fault.kind.isOfHypervisor {
            do { try await undo(fault) } catch { troubles.append("\(fault): \(error)") }
        }
        // What is done on a node is gone with its power.
        let cluster = nodes.values.first?.cluster ?? ""
        let running = try await provider.observe().nodes(of: cluster).filter { $0.power == .running }.map(\.name)
        troubles += await withTaskGroup(of: String?.self) { group in
            for node in nodes.values where running.contains(node.name) {
                group.addTask {
                    do { try await reach(node) } catch { return "\(node.name): \(error)" }
                    return nil
                }
            }
            return await group.reduce(into: []) { if let trouble = $1 { $0.append(trouble) } }
        }
        return troubles.naturallySorted()
    }

    /// Undoes what a node knows of; one that was just started lets nobody in for a while.
    private func reach(_ node: ObservedNode) async throws {
        let end = ContinuousClock.now + patience * 3
        while true {
            do {
                try await run(FaultScripts.undoingAll, on: node, nil)
                return
            } catch {
                guard ContinuousClock.now < end else { throw error }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// What of faults is on the nodes and what bounds them, a line each.
    package func remains() async throws -> [String] {
        let found = try await withThrowingTaskGroup(of: [String].self) { group in
            for node in nodes.values {
                group.addTask {
                    let said = try await run(FaultScripts.remains, on: node, nil)
                    let bounds = try await provider.bounds(of: NodeReference(node))
                    return (said.split(whereSeparator: \.isNewline).map(String.init) + bounds).map {
                        "\(node.name): \($0)"
                    }
                }
            }
            return try await group.reduce(into: [String]()) { $0 += $1 }
        }
        return found.naturallySorted()
    }

    /// Runs a command as root on a node.
    ///
    /// - Returns: its output.
    @discardableResult
    func run(_ command: String, on node: ObservedNode, _ kind: FaultKind?) async throws -> String {
        guard let address = node.address else { throw FaultError(.failed, "\(node.name) has no address") }
        let output = try await shell.run(command, on: node.name, at: address, deadline: patience)
        let said = (output.standardOutput + output.standardError).trimmed
        if output.exitCode == FaultScripts.impossible { throw FaultError(.impossible, said, nodes: [node.name]) }
        if output.exitCode == FaultScripts.impossibleHere {
            throw FaultError(.impossible, said, nodes: names(like: node))
        }
        guard output.exitCode == 0 else {
            let what = kind.map { "\($0.rawValue): " } ?? ""
            throw FaultError(.failed, "\(what)\(node.name) could not carry it out: \(said)")
        }
        return output.standardOutput
    }

    private func forEach(_ fault: Fault, _ body: @escaping @Sendable (ObservedNode) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in fault.nodes.compactMap({ nodes[$0] }) { group.addTask { try await body(node) } }
            // Each is done, whatever happened to the others.
            var failure: (any Error)?
            while let result = await group.nextResult() {
                if case .failure(let error) = result { failure = failure ?? error }
            }
            if let failure { throw failure }
        }
    }

    private func scripts(_ fault: Fault) -> FaultScripts? {
        let others = nodes.values.filter { !fault.nodes.contains($0.name) }.compactMap(\.address).sorted()
        return FaultScripts(fault, others: others.map(\.description))
    }

    /// Does what not every hypervisor can, on every host.
    private func orImpossible(_ node: ObservedNode, _ kind: FaultKind, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ProviderError where error.code != .connection {
            throw FaultError(.impossible, "\(error)", nodes: names(like: node))
        }
    }

    /// Names of the nodes of the same runtime, which share what their host can do.
    private func names(like node: ObservedNode) -> [String] {
        nodes.values.filter { $0.runtime == node.runtime }.map(\.name).naturallySorted()
    }
}
