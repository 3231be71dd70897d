import Planning

extension Graph {
    /// The steps of a plan and what each needs to be done before: a column for those that can begin together.
    ///
    /// - Parameter title: text of a step for people.
    package init(_ plan: Plan, title: (Action) -> String) {
        let order = StepOrder(plan.steps)
        let waves = Dictionary(grouping: plan.steps.indices, by: { order.depths[$0] }).sorted { $0.key < $1.key }
        self.init(
            "Plan for cluster \(plan.cluster)",
            groups: waves.map { _, indices in
                Group(
                    "",
                    indices.map { index in
                        let step = plan.steps[index]
                        return Vertex(
                            step.id.description,
                            title: title(step.action),
                            lines: step.reason.isEmpty ? [] : [step.reason],
                            tone: Tone(step),
                            name: step.id.description,
                        )
                    },
                )
            },
            edges: plan.steps.indices.flatMap { index in
                order.nearest(index).map { Edge(plan.steps[$0].id.description, plan.steps[index].id.description) }
            },
        )
    }
}

extension Graph.Tone {
    fileprivate init(_ step: Step) {
        switch step.cost {
        case .destroys: self = .bad
        case .restarts: self = .busy
        case .none: self = step.action.isWait ? .plain : .good
        }
    }
}

/// Order among steps by their needs, without the needs that follow from others.
struct StepOrder {
    /// For each step, the length of the longest chain of needs before it.
    let depths: [Int]
    /// For each step, the indices of the steps it names as its needs.
    private let needs: [[Int]]
    /// For each step, the indices of all steps that must be done before it, as bits.
    private let before: [[UInt64]]

    /// - Parameter steps: in an order in which they could be done.
    init(_ steps: [Step]) {
        let places = Dictionary(steps.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let words = (steps.count + 63) / 64
        var depths: [Int] = []
        var before: [[UInt64]] = []
        needs = steps.map { $0.needs.compactMap { places[$0] } }
        for needed in needs {
            depths.append(needed.map { depths[$0] + 1 }.max() ?? 0)
            var bits = [UInt64](repeating: 0, count: words)
            for need in needed {
                for word in bits.indices { bits[word] |= before[need][word] }
                bits[need / 64] |= 1 << UInt64(need % 64)
            }
            before.append(bits)
        }
        (self.depths, self.before) = (depths, before)
    }

    /// The needs of a step that no other of its needs has already.
    func nearest(_ step: Int) -> [Int] {
        needs[step].filter { need in
            !needs[step].contains { $0 != need && before[$0][need / 64] >> UInt64(need % 64) & 1 == 1 }
        }
    }
}
