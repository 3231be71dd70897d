import Basics

/// Proves of a plan, whatever order its steps' needs allow and wherever it is cut short, that etcd keeps its majority
/// and its data.
///
/// Steps that do not touch etcd's members are left out, and orders that lead to the same state are followed once; what
/// is left is walked as a whole up to ``exhaustiveSteps`` steps and ``exhaustiveStates`` states, and by random orders
/// of a fixed seed beyond.
package struct PlanChecker: Sendable {
    /// Number of steps that touch members up to which all orders are walked.
    static let exhaustiveSteps = 128
    /// Number of states after which random orders replace the walk.
    static let exhaustiveStates = 20_000
    /// Number of random orders.
    static let randomOrders = 50

    private let steps: [Step]
    /// For each step, the ones that must be over before, by their position in ``steps``.
    private let needs: [[Int]]
    private let start: MemberModel

    /// - Parameters:
    ///   - plan: to be checked.
    ///   - observed: what it was made from.
    package init(_ plan: Plan, from observed: Observation) {
        start = MemberModel(observed, cluster: plan.cluster)
        var steps: [Step] = []
        var needs: [[Int]] = []
        /// For each step of the plan, the steps kept that it needs, directly or by others.
        var kept: [StepID: Set<Int>] = [:]
        for step in plan.steps {
            let before = step.needs.reduce(into: Set<Int>()) { $0.formUnion(kept[$1] ?? []) }
            if start.isTouched(by: step.action) {
                kept[step.id] = before.union([steps.count])
                steps.append(step)
                needs.append(before.sorted())
            } else {
                kept[step.id] = before
            }
        }
        (self.steps, self.needs) = (steps, needs)
    }

    /// Returns the faults of the plan, each once; empty for a safe plan.
    package func faults() -> [String] {
        var found = steps.flatMap(Self.costFaults)
        if steps.count > Self.exhaustiveSteps || !walkAll(&found) { walkAtRandom(&found) }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }

    /// Returns a fault where a step that destroys data is not marked, so that no confirmation would be asked for.
    private static func costFaults(_ step: Step) -> [String] {
        switch step.action {
        case .removeNode where step.cost != .destroys: ["\(step.id) destroys a node and is not marked so"]
        case .reconfigureNode where step.cost == .none, .rebootNode where step.cost == .none,
            .upgradeNode where step.cost == .none:
            ["\(step.id) restarts a node and is not marked so"]
        default: []
        }
    }

    // MARK: Orders

    /// A moment of a plan: which steps are over, and what came of them.
    private struct Moment: Hashable {
        var done: UInt128
        var model: MemberModel
    }

    private func ready(_ done: UInt128) -> [Int] {
        steps.indices.filter { index in
            done & (1 << UInt128(index)) == 0 && needs[index].allSatisfy { done & (1 << UInt128($0)) != 0 }
        }
    }

    /// - Returns: whether every order was walked.
    private func walkAll(_ found: inout [String]) -> Bool {
        var open = [Moment(done: 0, model: start)]
        var seen: Set<Moment> = []
        while let moment = open.popLast() {
            guard seen.insert(moment).inserted else { continue }
            guard seen.count <= Self.exhaustiveStates else { return false }
            let ready = ready(moment.done)
            found += moment.model.faults(while: ready.map { steps[$0] })
            for index in ready {
                var next = moment
                next.done |= 1 << UInt128(index)
                found += next.model.apply(steps[index])
                open.append(next)
            }
            // One fault is enough to refuse a plan; what follows from it only confuses.
            if !found.isEmpty { return true }
        }
        return true
    }

    private func walkAtRandom(_ found: inout [String]) {
        var generator = SeededGenerator(seed: 0x5119_3A7E)
        for _ in 0..<Self.randomOrders {
            var (model, done, left) = (start, Set<Int>(), Array(steps.indices))
            while !left.isEmpty, found.isEmpty {
                let ready = left.filter { needs[$0].allSatisfy(done.contains) }
                found += model.faults(while: ready.map { steps[$0] })
                guard let index = ready.randomElement(using: &generator) else { break }
                found += model.apply(steps[index])
                done.insert(index)
                left.removeAll { $0 == index }
            }
        }
    }
}
