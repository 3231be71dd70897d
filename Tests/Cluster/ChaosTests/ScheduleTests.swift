import Basics
import Chaos
import Testing

struct ScheduleTests {
    /// A cluster of up to five members and six others, some of which are not well.
    private static func cluster(_ random: inout SeededGenerator) -> ClusterView {
        let members = Int.random(in: 1...5, using: &random)
        let leader = Int.random(in: 1...members, using: &random)
        let central = (1...members).map { number in
            ClusterView.Node(
                "central-\(number)",
                role: "central",
                isMember: true,
                leads: number == leader,
                isWell: Int.random(in: 0..<8, using: &random) > 0,
            )
        }
        let workers = (0..<Int.random(in: 0...6, using: &random)).map { number in
            ClusterView.Node("worker-\(number)", role: "worker", runsFleet: number % 3 != 2, isVM: number % 2 == 0)
        }
        return ClusterView(central + workers)
    }

    private static func scenario(_ random: inout SeededGenerator) -> Scenario {
        let entries = FaultKind.allCases.map { kind in
            Scenario.Entry(
                kind,
                weight: Int.random(in: 1...3, using: &random),
                lasts: 1...5,
                group: 1...(kind == .leaderKill ? 1 : Int.random(in: 1...4, using: &random)),
                directions: CutDirection.allCases,
            )
        }
        let limits = Scenario.Limits(
            members: Bool.random(using: &random) ? nil : Int.random(in: 0...4, using: &random),
            nodes: Bool.random(using: &random) ? nil : Int.random(in: 1...4, using: &random),
            faults: Int.random(in: 1...4, using: &random),
        )
        return Scenario(name: "random", limits: limits, entries: entries)
    }

    @Test("a majority of the members is left alone, and every other limit is kept", arguments: 0..<12)
    func limits(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var chosen: Set<FaultKind> = []
        for _ in 0..<25 {
            let scenario = Self.scenario(&random)
            var schedule = Schedule(scenario, seed: random.next())
            var view = Self.cluster(&random)
            var active: [Fault] = []
            for _ in 0..<20 {
                // Faults end, and nodes fail and recover by themselves.
                if Int.random(in: 0..<3, using: &random) == 0, !active.isEmpty { active.removeFirst() }
                let index = Int.random(in: view.nodes.indices, using: &random)
                if Int.random(in: 0..<5, using: &random) == 0 { view.nodes[index].isWell.toggle() }
                let missingBefore = view.missingMembers(active)
                guard let fault = schedule.next(view, active: active) else { continue }
                chosen.insert(fault.kind)
                let busy = Set(active.flatMap(\.nodes))
                #expect(fault.nodes.isEmpty == fault.kind.isOfHost && Set(fault.nodes).count == fault.nodes.count)
                let isAlone = !fault.kind.isOfHost || active.isEmpty
                #expect(isAlone && !active.contains(where: \.kind.isOfHost), "\(fault) while \(active)")
                #expect(busy.isDisjoint(with: fault.nodes), "seed \(seed): \(fault) has nodes of \(active)")
                for name in fault.nodes {
                    let node = view.nodes.first { $0.name == name }
                    #expect(node?.isWell == true)
                    if fault.kind.isOfMembers { #expect(node?.isMember == true) }
                    if fault.kind.isOfMachines { #expect(node?.runsFleet == true) }
                    if fault.kind.isOfVMs { #expect(node?.isVM == true) }
                    if fault.kind == .leaderKill { #expect(node?.leads == true) }
                }
                active.append(fault)
                let missing = view.missingMembers(active)
                if missing != missingBefore {
                    let most = min(view.minority, scenario.limits.members ?? view.minority)
                    #expect(missing.count <= most, "seed \(seed): \(missing) are missing of \(view), by \(active)")
                }
                #expect(active.count <= scenario.limits.faults)
                if let most = scenario.limits.nodes { #expect(Set(active.flatMap(\.nodes)).count <= most) }
            }
        }
        #expect(chosen.count > FaultKind.allCases.count / 2, "seed \(seed) chose hardly any kind")
    }

    @Test("each fault that is asked for comes once before any comes again", arguments: 0..<12)
    func everyFault(_ seed: UInt64) {
        let kinds: [FaultKind] = [.powerOff, .freeze, .cut, .fleetdKill, .slowProcessor, .reboot]
        let entries = kinds.map { Scenario.Entry($0, weight: $0 == .cut ? 1000 : 1, lasts: 1...5) }
        var schedule = Schedule(Scenario(name: "all", entries: entries), seed: seed)
        let view = ClusterView((1...3).map { ClusterView.Node("worker-\($0)", role: "worker") })
        for node in view.nodes { schedule.exclude(.freeze, of: node.name) }
        var chosen: [FaultKind] = []
        while chosen.count < 12, let fault = schedule.next(view, active: []) {
            chosen.append(fault.kind)
            #expect(schedule.hasShownAll(of: view) == (chosen.count >= kinds.count - 1))
        }
        #expect(Set(chosen.prefix(kinds.count - 1)) == Set(kinds).subtracting([.freeze]))
        #expect(chosen.count == 12)
    }

    @Test("the same seed chooses the same faults, and another one others")
    func seeds() {
        func choices(_ seed: UInt64) -> [Fault] {
            var random = SeededGenerator(seed: 3)
            var schedule = Schedule(Self.scenario(&random), seed: seed)
            let view = ClusterView(
                (1...3).map { ClusterView.Node("central-\($0)", role: "central", isMember: true, leads: $0 == 2) }
                    + (1...5).map { ClusterView.Node("worker-\($0)", role: "worker") }
            )
            return (0..<20).compactMap { _ in schedule.next(view, active: []) }
        }
        #expect(choices(1) == choices(1))
        #expect(choices(1) != choices(2))
        #expect(choices(1).map(\.number) == Array(1...20))
    }

    @Test("roles, nodes and what turned out to be impossible are heeded")
    func targets() {
        let scenario = Scenario(
            name: "x",
            entries: [
                .init(.powerOff, roles: ["worker"]), .init(.freeze, nodes: ["central-1"]), .init(.slowNetwork),
            ]
        )
        var schedule = Schedule(scenario, seed: 1)
        let view = ClusterView([
            .init("central-1", role: "central", isMember: true), .init("central-2", role: "central", isMember: true),
            .init("central-3", role: "central", isMember: true), .init("worker-1", role: "worker"),
        ])
        for node in view.nodes { schedule.exclude(.slowNetwork, of: node.name) }
        let faults = (0..<100).compactMap { _ in schedule.next(view, active: []) }
        #expect(Set(faults.map(\.kind)) == [.powerOff, .freeze])
        #expect(faults.allSatisfy { $0.nodes == ($0.kind == .freeze ? ["central-1"] : ["worker-1"]) })
    }

    @Test("one member alone, and two, are left alone")
    func fewMembers() {
        for count in 1...2 {
            var schedule = Schedule(Scenario(name: "x", entries: [.init(.powerOff), .init(.diskFull)]), seed: 1)
            let view = ClusterView((1...count).map { .init("central-\($0)", role: "central", isMember: true) })
            #expect(schedule.next(view, active: []) == nil)
        }
    }
}
