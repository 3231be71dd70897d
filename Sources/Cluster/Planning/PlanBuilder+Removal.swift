import TopologyModel

extension PlanBuilder {
    /// Nodes that are there and not wanted any more go last: after what takes their place is ready, and a member after
    /// it has left etcd.
    mutating func planSurplus() {
        let wanted = Set(nodes.map(\.name))
        // Those that an earlier run made count as well: it may have ended before they were ready.
        let made = steps.compactMap { step -> StepID? in
            if case .awaitNode(let node) = step.action, !isReady(node.name) { step.id } else { nil }
        }
        let surplus = ownNodes.map(\.name).filter { !wanted.contains($0) && !staying.contains($0) }
        guard !isRecovering else {
            postponed += surplus
            return
        }
        // No sooner than they go: a drain ends by itself.
        let gates = made + drain(surplus, needs: unique(made + surplus.compactMap { departures[$0] }))
        for name in surplus {
            let departure = departures[name].map { [$0] } ?? []
            settled.append(removeNode(name, reason: "the topology does not ask for it", needs: departure + gates))
        }
    }

    /// Has nodes that go take no more units, if several of them are in fleet.
    private mutating func drain(_ names: [String], needs: [StepID]) -> [StepID] {
        let machines = Set(names.map { Identity.machineID(cluster: topology.name, node: $0) })
            .intersection(observed.fleet?.machines ?? [])
        guard machines.count > 1 else { return [] }
        let step = Step(
            "fleet/drain",
            .drainMachines(machines),
            reason: "\(machines.count) machines leave, and each unit moves once",
            needs: needs,
        )
        add(step)
        return [step.id]
    }

    /// Has the node leave fleet, where it is listed, and removes it; once.
    ///
    /// - Returns: the step after which it is gone.
    mutating func removeNode(_ name: String, reason: String, needs: [StepID]) -> StepID {
        let id: StepID = "node/\(name)/remove"
        if steps.contains(where: { $0.id == id }) { return id }
        var needs = needs
        let machineID = Identity.machineID(cluster: topology.name, node: name)
        if let fleet = observed.fleet, fleet.machines.contains(machineID) {
            let address = ownNodes.first { $0.name == name }?.address
            let action = Action.leaveFleet(
                node: name,
                machineID: machineID,
                address: isRunning(name) ? address : nil,
            )
            let step = Step("node/\(name)/leave", action, reason: reason, needs: needs)
            add(step)
            needs = [step.id]
        }
        add(Step(id, .removeNode(reference(to: name)), reason: reason, needs: unique(needs), cost: .destroys))
        return id
    }

    /// The node as it exists, or, where it does not, as it is wanted.
    private func reference(to name: String) -> NodeReference {
        if let node = ownNodes.first(where: { $0.name == name }) { return NodeReference(node) }
        let runtime = nodes.first { $0.name == name }?.role.runtime ?? .container
        return NodeReference(cluster: topology.name, name: name, runtime: runtime)
    }
}
