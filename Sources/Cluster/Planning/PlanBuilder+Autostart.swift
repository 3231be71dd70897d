import TopologyModel

/// True when nodes start with the host.
extension PlanBuilder {
    /// A switch of libvirt's, which needs no restart. A node that is made or restarted has it with its definition.
    mutating func planAutostart() {
        let defined = Set(
            steps.compactMap { step in
                switch step.action {
                case .createNode(let node), .reconfigureNode(let node): node.name
                default: nil
                }
            }
        )
        for node in nodes where !defined.contains(node.name) {
            guard let present = node.observed, let autostart = present.autostart, autostart != topology.autostart else {
                continue
            }
            let action = Action.setAutostart(NodeReference(present), isOn: topology.autostart)
            add(Step("node/\(node.name)/autostart", action, reason: "autostart is to be \(topology.autostart)"))
        }
    }
}
