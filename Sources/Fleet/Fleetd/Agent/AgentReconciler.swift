/// Actions after which a machine runs what is wanted on it.
package enum AgentReconciler {
    /// - Returns: the actions in their order; none when all is well.
    package static func actions(
        desired: [String: DesiredUnit],
        current: [String: CurrentUnit],
    ) -> [AgentAction] {
        var actions: [AgentAction] = []
        for name in Set(desired.keys).union(current.keys) {
            actions += self.actions(name, desired[name], current[name])
        }
        let changesFiles = actions.contains { action in
            switch action {
            case .unload, .load: true
            default: false
            }
        }
        if changesFiles { actions.append(.reload) }
        return inOrder(actions.sorted(), desired)
    }

    /// Starts units after those they need, and stops them before.
    private static func inOrder(_ actions: [AgentAction], _ desired: [String: DesiredUnit]) -> [AgentAction] {
        let starting = actions.compactMap { if case .start(let unit, _) = $0 { unit } else { nil } }
        let stopping = actions.compactMap { if case .stop(let unit, _) = $0 { unit } else { nil } }
        let others = actions.filter { action in
            switch action {
            case .start, .stop: false
            case .unload, .load, .reload: true
            }
        }
        let after = { (unit: String) in desired[unit]?.after ?? [] }
        return others + StartOrder.sorted(stopping, after: after).reversed().map { .stop($0, .wantedLoaded) }
            + StartOrder.sorted(starting, after: after).map { .start($0, .wantedLaunched) }
    }

    private static func actions(_ name: String, _ desired: DesiredUnit?, _ current: CurrentUnit?) -> [AgentAction] {
        guard let desired else { return current == nil ? [] : [.unload(name, .notWanted)] }
        let start: [AgentAction] = desired.launched ? [.start(name, .wantedLaunched)] : []
        guard let current else { return [.load(name, .wantedHere)] + start }
        guard current.hash == desired.hash else {
            return [.unload(name, .otherText), .load(name, .otherText)] + start
        }
        guard current.launched != desired.launched else { return [] }
        return desired.launched ? start : [.stop(name, .wantedLoaded)]
    }
}
