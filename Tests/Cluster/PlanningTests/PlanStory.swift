import Basics
import Diagnostics
import Planning
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// Plans of one topology in one situation after the other, as text that a person reads as a specification.
struct PlanStory {
    private(set) var text: String

    init(_ title: String) {
        text = "# \(title)\n"
    }

    /// Adds what the planner says, and gives the plan; nil where it refuses.
    @discardableResult
    mutating func chapter(
        _ title: String,
        _ topology: Topology,
        _ observed: Observation,
        inputs: PlannerInputs = .fixed,
        roll: Roll? = nil,
        sourceLocation: Testing.SourceLocation = #_sourceLocation,
    ) -> Plan? {
        let planner = Planner(topology: topology, inputs: inputs)
        text += "\n## \(title)\n\nwanted:\n\(Self.wanted(topology))\nobserved:\n\(Self.lines(observed))\n"
        do {
            let (plan, lines) = try Self.outcome {
                try roll.map { try planner.roll($0, from: observed) } ?? planner.plan(from: observed)
            }
            text += lines
            guard roll == nil else { return plan }
            var inputs = inputs
            inputs.rendering = .existing
            let shown = try Self.outcome { try Planner(topology: topology, inputs: inputs).plan(from: observed) }
            #expect(shown.lines == lines, "what is shown does not depend on which nodes have their cloud-config")
            return plan
        } catch {
            Issue.record(error, sourceLocation: sourceLocation)
        }
        return nil
    }

    /// What the planner says, be it a plan or why there is none.
    private static func outcome(_ plan: () throws -> Plan) throws -> (plan: Plan?, lines: String) {
        do {
            let plan = try plan()
            return (plan, lines(plan))
        } catch let error as DiagnosticsError {
            return (nil, "refused:\n" + lines(error.diagnostics))
        }
    }

    /// Adds the plan of a cluster's end.
    mutating func tearDown(_ title: String, _ cluster: String, _ observed: Observation) throws {
        text += "\n## \(title)\n\nobserved:\n\(Self.lines(observed))\n"
        text += Self.lines(try Planner.tearDown(cluster, observed: observed.provider))
    }

    // MARK: What is wanted

    private static func wanted(_ topology: Topology) -> String {
        let roles = topology.roles.map { role in
            "  \(role.count) x \(role.name) (\(role.choosesRuntime ? "auto" : role.runtime.rawValue), \(role.etcd.rawValue))\n"
        }
        let units = topology.units.map { "\($0.name) (\($0.desiredState.rawValue))" }.joined(separator: ", ")
        return roles.joined() + (units.isEmpty ? "" : "  units: \(units)\n")
    }

    // MARK: What is observed

    private static func lines(_ observed: Observation) -> String {
        let provider = observed.provider
        var lines = provider.networks.map { network in
            let owner = network.cluster == nil ? "not ours, " : ""
            return "network \(network.name) (\(owner)\(network.cidr.map { "\($0), " } ?? "")"
                + (network.active ? "active)" : "inactive)")
        }
        lines += provider.foreignDomains.map { "domain \($0) (not ours)" }
        lines += provider.hostRoutes.map { "route \($0.destination) through \($0.interface)" }
        lines += provider.emptyClusterDirectories.map { "directory of \($0), empty" }
        lines += provider.noContainers.map { ["no containers: \($0)"] } ?? []
        lines += provider.noMachines.map { ["no virtual machines: \($0)"] } ?? []
        lines += provider.machineHost.map { ["host: \($0.best == .kvm ? "KVM" : "no KVM")"] } ?? []
        lines += provider.nodes.map { line($0, of: observed) }
        if !provider.nodes.isEmpty {
            let quorum = observed.etcd.map { "\($0.healthyCount) of \($0.members.count) members healthy" }
            lines.append("etcd: \(quorum ?? "no answer")")
            lines.append(
                "fleet: \(observed.fleet.map { "\($0.machines.count) machines, \(units($0))" } ?? "no answer")"
            )
        }
        return (lines.isEmpty ? ["nothing"] : lines).map { "  \($0)\n" }.joined()
    }

    private static func line(_ node: ObservedNode, of observed: Observation) -> String {
        var words = [node.runtime.rawValue, node.power.rawValue, node.phase.rawValue, node.etcd.rawValue]
        if let member = node.peerURL.flatMap({ observed.etcd?.member(peerURL: $0) }) {
            words.append(member.healthy ? "healthy" : "unhealthy")
        }
        if !node.hasDomain { words.append("no domain") }
        if !node.hasStorage { words.append("no storage") }
        if let certificates = node.certificates { words.append("certificates \(certificates.number)") }
        return "\(node.name) \(node.address.map { "\($0)" } ?? "-") (\(words.joined(separator: ", ")))"
    }

    private static func units(_ fleet: ObservedFleet) -> String {
        fleet.units.isEmpty ? "no units" : "units \(fleet.units.keys.sorted().joined(separator: ", "))"
    }

    // MARK: What the planner says

    private static func lines(_ plan: Plan) -> String {
        let steps = plan.steps.map { step in
            let cost = step.cost == .none ? "" : " [\(step.cost.rawValue)]"
            let needs =
                step.needs.isEmpty ? "" : "      after \(step.needs.map(\.description).joined(separator: " "))\n"
            return "  \(step.id)\(cost): \(step.reason)\n\(needs)"
        }
        let title =
            plan.isEmpty ? "plan: nothing to do\n" : "plan (\(plan.purpose.rawValue), generation \(plan.generation)):\n"
        return title + steps.joined() + lines(plan.warnings) + plan.notes.map { "  note: \($0)\n" }.joined()
    }

    private static func lines(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.map { diagnostic in
            "  \(diagnostic.severity.rawValue): \(diagnostic.message)\n"
                + diagnostic.notes.map { "      note: \($0)\n" }.joined()
        }.joined()
    }
}
