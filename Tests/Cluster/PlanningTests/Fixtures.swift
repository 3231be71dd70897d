import Basics
import CloudConfig
import Diagnostics
import FoundationEssentials
import Planning
import TestKit
import TopologyLoading
import TopologyModel
import UnitFiles

/// Topologies and inputs that the planning tests share.
enum Fixture {
    static let inputs = PlannerInputs.fixed
    static let image = inputs.image

    static func topology(members: Int = 3, workers: Int = 2, units: [UnitDeployment] = []) -> Topology {
        Topology(
            name: "demo",
            network: NetworkSettings(cidr: CIDRv4("10.9.0.0/24") ?? .localhost),
            roles: [
                Role(name: "central", count: members, etcd: .member, metadata: ["role": "central"]),
                Role(name: "worker", count: workers, etcd: .proxy, metadata: ["role": "worker"]),
            ],
            units: units,
        )
    }

    static func unit(_ name: String = "hello.service") throws -> UnitDeployment {
        let file = try UnitFile(parsing: "[Service]\nExecStart=/bin/sleep infinity\n")
        return UnitDeployment(name: name, file: name, unit: file)
    }

    static func plan(_ topology: Topology, _ observed: Observation = .nothing) throws -> Plan {
        try Planner(topology: topology, inputs: inputs).plan(from: observed)
    }

    /// A topology that comes with the project.
    static func shipped(_ name: String) throws -> Topology {
        try TopologyLoader().load(path: Checkout.topology(name)).checked()
    }
}

extension CIDRv4 {
    static var localhost: CIDRv4 { CIDRv4(base: IPv4Address(number: 0x7F00_0000), prefix: 8) ?? .everything }
    static var everything: CIDRv4 {
        guard let all = CIDRv4(base: IPv4Address(number: 0), prefix: 0) else {
            preconditionFailure("0.0.0.0/0 is valid")
        }
        return all
    }
}

extension Observation {
    static var nothing: Observation { Observation(provider: ProviderObservation()) }
}

extension Plan {
    var ids: [String] { steps.map(\.id.description) }
    func step(_ id: StepID) -> Step? { steps.first { $0.id == id } }

    /// Whether a node, and what is stored on it, would be gone afterwards.
    var isDestructive: Bool { steps.contains { $0.cost == .destroys } }

    /// One line a step: what a person has to agree with when it changes.
    var outline: String {
        steps.map { step in
            let needs = step.needs.isEmpty ? "" : " < " + step.needs.map(\.description).joined(separator: " ")
            let cost = step.cost == .none ? "" : " [\(step.cost.rawValue)]"
            return "\(step.id)\(cost): \(step.reason)\(needs)\n"
        }.joined()
    }
}
