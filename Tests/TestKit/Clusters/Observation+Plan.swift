import Planning
import TopologyModel

extension Observation {
    /// What is there once a plan was carried out: every node is ready, every member healthy, every unit active.
    package init(carriedOut plan: Plan) {
        let nodes = plan.nodes.map { plan in
            var node = ObservedNode(plan)
            if plan.etcd == .member { node.etcdHistory = .joined("c1") }
            return node
        }
        let members = plan.nodes.filter { $0.etcd == .member }.enumerated().map { index, node in
            ObservedEtcd.Member(id: "\(index + 1)", name: node.name, peerURLs: [node.peerURL], healthy: true)
        }
        let network = plan.network.map {
            ObservedNetwork(
                name: $0.name,
                cluster: plan.cluster,
                cidr: $0.cidr,
                mode: $0.mode,
                bridge: $0.bridge,
                active: true,
            )
        }
        let machines = plan.nodes.filter(\.runsFleet).map(\.machineID).sorted()
        let units = plan.steps.compactMap { step -> ObservedFleet.Unit? in
            guard case .deployUnit(let unit) = step.action else { return nil }
            let places = machines.first.map { [$0: "active"] } ?? [:]
            return .init(name: unit.name, hash: unit.hash, desiredState: unit.desiredState, states: places)
        }
        self.init(
            provider: ProviderObservation(nodes: nodes, networks: network.map { [$0] } ?? []),
            etcd: ObservedEtcd(members: members, clusterIDs: ["c1"]),
            fleet: ObservedFleet(
                machines: Set(machines),
                units: Dictionary(units.map { ($0.name, $0) }) { first, _ in first },
                deployed: Set(units.map(\.name)),
            ),
            images: Set(plan.nodes.map(\.image)),
        )
    }
}
