import Diagnostics
import TopologyModel

/// Steps that nodes need first: their images, and the cluster's network.
extension PlanBuilder {
    mutating func planImage(_ changes: [String: NodeChange]) {
        let making = nodes.filter { node in
            switch changes[node.name] ?? NodeChange.none {
            case .create, .rebuild, .reconfigure: true
            case .none, .start, .await, .lost: false
            }
        }
        var seen: Set<ImageDigests> = []
        for node in making {
            let image = nodePlan(node, peers: wantedPeers, state: .new).image
            guard seen.insert(image).inserted, !observed.images.contains(image) else { continue }
            let reason = "this host has no such image yet"
            let step =
                if let foreign = node.role.image {
                    Step("image/\(image.root.prefix(12))", .fetchImage(image, source: foreign.words), reason: reason)
                } else {
                    Step(
                        node.role.runtime == .vm ? "image/build-vm" : "image/build",
                        .buildImage(image),
                        reason: reason
                    )
                }
            add(step)
            groundwork.append(step.id)
        }
    }

    mutating func planNetwork(_ network: NetworkPlan) {
        let present = observed.provider.network(of: topology.name)
        let isAsPlanned = present.map { $0.cidr == network.cidr && $0.mode == network.mode } ?? false
        let unplugged = (present?.unplugged ?? []).sorted()
        let drift = present?.drift(from: network) ?? []
        if isAsPlanned, let present, let live = present.liveDrift(from: network) {
            warnings.append(
                .warning(
                    "network \(present.name) \(live)",
                    notes: ["begin it anew, under the nodes: virsh net-destroy \(present.name), then slipway up"],
                )
            )
        }
        guard present?.active != true || !isAsPlanned || !unplugged.isEmpty || !drift.isEmpty else { return }
        let reason =
            switch (present, isAsPlanned) {
            case (nil, _): "does not exist"
            case (_, false): "its address or mode changed"
            case (let present?, true):
                !present.active
                    ? "it is not active"
                    : ((unplugged.isEmpty ? [] : ["not on it: \(unplugged.joined(separator: ", "))"]) + drift)
                        .joined(separator: "; ")
                        + (present.defined == NetworkShape(network) ? "" : Self.since(present.written))
            }
        add(Step("network/create", .createNetwork(network), reason: reason))
        groundwork.append("network/create")
    }
}
