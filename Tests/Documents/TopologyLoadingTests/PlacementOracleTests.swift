import Basics
import Diagnostics
import Testing
import TopologyModel
import UnitFiles

/// Random small topologies: what the check calls impossible, trying every assignment finds impossible too.
@Suite struct PlacementOracleTests {
    @Test(arguments: 0..<20) func neverRefusesWhatIsPossible(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let topology = Self.randomTopology(using: &random)
            let errors = topology.placementFindings().filter { $0.severity == .error }
            guard let first = errors.first else { continue }
            #expect(!Oracle(topology).isPossible, "\(first.message)\n\(Self.description(of: topology))")
        }
    }

    /// With one kind of constraint at a time the check misses nothing.
    @Test(arguments: 0..<20) func findsWhatIsImpossible(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let keepApart = Bool.random(using: &random)
            let topology = Self.randomTopology(using: &random) { unit in
                unit.conflicts = keepApart ? [Glob("*")] : []
                if keepApart { unit.machineOf = [] }
            }
            let hasErrors = topology.placementFindings().hasErrors
            #expect(hasErrors == !Oracle(topology).isPossible, "\(Self.description(of: topology))")
        }
    }

    /// What a random unit asks for.
    struct Wishes {
        var machineMetadata: [String]
        var conflicts: [Glob]
        var machineOf: [String]
        var isGlobal: Bool
    }

    private static func randomTopology(
        using random: inout SeededGenerator,
        _ change: (inout Wishes) -> Void = { _ in },
    ) -> Topology {
        let names = ["a.service", "b.service", "c.service", "d.service", "e.service"]
        let roles = (0..<Int.random(in: 1...3, using: &random)).map { index in
            Role(
                name: "r\(index)",
                count: Int.random(in: 1...2, using: &random),
                etcd: index == 0 ? .member : .allCases.randomElement(using: &random) ?? .proxy,
                metadata: ["k": "v\(Int.random(in: 0...1, using: &random))"],
            )
        }
        let units = names.prefix(Int.random(in: 1...5, using: &random)).map { name in
            var wishes = randomWishes(names, using: &random)
            // A unit that follows itself is a fault of its file, and reported with it.
            wishes.machineOf.removeAll { $0 == name }
            change(&wishes)
            return UnitDeployment(name: name, file: name, unit: unit(wishes))
        }
        let network = NetworkSettings(cidr: .derived(fromCluster: "x"))
        return Topology(name: "x", network: network, roles: roles, units: units)
    }

    private static func randomWishes(_ names: [String], using random: inout SeededGenerator) -> Wishes {
        func chance(_ percent: Int, using random: inout SeededGenerator) -> Bool {
            Int.random(in: 0..<100, using: &random) < percent
        }
        let isGlobal = chance(15, using: &random)
        return Wishes(
            machineMetadata: (0..<2).filter { _ in chance(30, using: &random) }.map { "k=v\($0)" },
            conflicts: chance(50, using: &random)
                ? [Glob(["*", "a*", "[b-d].service"].randomElement(using: &random) ?? "*")] : [],
            machineOf: !isGlobal && chance(25, using: &random)
                ? [names.randomElement(using: &random) ?? "a.service"] : [],
            isGlobal: isGlobal,
        )
    }

    private static func unit(_ wishes: Wishes) -> UnitFile {
        func option(_ name: String, _ value: String) -> UnitOption {
            UnitOption(section: "X-Fleet", name: name, value: value)
        }
        return UnitFile(
            options: wishes.machineMetadata.map { option("MachineMetadata", $0) }
                + wishes.conflicts.map { option("Conflicts", $0.pattern) }
                + wishes.machineOf.map { option("MachineOf", $0) }
                + (wishes.isGlobal ? [option("Global", "true")] : [])
        )
    }

    private static func description(of topology: Topology) -> String {
        let roles = topology.roles.map { "\($0.name) ×\($0.count) \($0.etcd) \($0.metadata)" }
        let units = topology.units.map { unit in
            "\(unit.name) \(unit.unit.options.map { "\($0.name)=\($0.value)" })"
        }
        return (roles + units).joined(separator: "\n")
    }
}

/// Tries every assignment of units to nodes, and every order in which units that follow others can be placed.
private struct Oracle {
    private let nodes: [Role]
    private let units: [Unit]

    private struct Unit {
        var name: String
        var wants: FleetRequirements
    }

    init(_ topology: Topology) {
        nodes = topology.roles.flatMap { Array(repeating: $0, count: $0.count) }
        units = topology.units.map { Unit(name: $0.name, wants: $0.requirements) }
    }

    var isPossible: Bool {
        let everyoneFits = units.allSatisfy { unit in nodes.contains { fits(unit.wants, $0) } }
        return everyoneFits && !hasCycle && place(0, [:])
    }

    private func fits(_ wants: FleetRequirements, _ node: Role) -> Bool {
        (node.etcd == .member || node.etcd == .proxy)
            && wants.metadata.allSatisfy { key, values in node.metadata[key].map(values.contains) ?? false }
    }

    /// Following each unit's first peer for as many steps as there are units ends somewhere, or goes round.
    private var hasCycle: Bool {
        units.contains { start in
            var name: String? = start.name
            for _ in 0...units.count { name = units.first { $0.name == name }?.wants.machineOf.first }
            return name != nil && units.contains { $0.name == name }
        }
    }

    private func place(_ index: Int, _ places: [String: Int]) -> Bool {
        guard index < units.count else { return follows(places) }
        let unit = units[index]
        guard !unit.wants.isGlobal else { return place(index + 1, places) }
        return nodes.indices.contains { node in
            guard fits(unit.wants, nodes[node]) else { return false }
            let others = units.filter { places[$0.name] == node }
            guard !others.contains(where: { conflict($0, unit) }) else { return false }
            return place(index + 1, places.merging([unit.name: node]) { $1 })
        }
    }

    private func conflict(_ one: Unit, _ other: Unit) -> Bool {
        one.wants.conflicts.contains { $0.matches(other.name) }
            || other.wants.conflicts.contains { $0.matches(one.name) }
    }

    private func follows(_ places: [String: Int]) -> Bool {
        units.allSatisfy { unit in
            guard let node = places[unit.name] else { return true }
            return unit.wants.machineOf.allSatisfy { name in
                guard let peer = units.first(where: { $0.name == name }) else { return true }
                guard peer.wants.isGlobal else { return places[name] == node }
                return fits(peer.wants, nodes[node]) && !conflict(peer, unit)
            }
        }
    }
}
