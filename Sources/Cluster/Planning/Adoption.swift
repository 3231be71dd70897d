import TopologyModel

/// What was changed by hand in libvirt, as changes of the topology file.
package struct Adoption: Sendable, Hashable {
    /// Value of one key.
    package struct Change: Sendable, Hashable {
        /// Name of the role; nil for a key of the file itself.
        package var role: String?
        /// Key, as the file spells it.
        package var key: String
        /// Value by the file now, written there or not.
        package var old: String
        /// Value to write.
        package var new: String
    }

    /// Changes, in the file's order.
    package var changes: [Change] = []
    /// What no key of the file can say, in a sentence each; `up` puts it back.
    package var rest: [String] = []

    /// Compares the nodes' definitions, which their next starts follow, with the file.
    package init(_ topology: Topology, observed: ProviderObservation) {
        let nodes = observed.nodes(of: topology.name).filter { $0.hasDomain && $0.phase != .leaving }
        adoptAutostart(topology, nodes)
        for role in topology.roles {
            let own = nodes.filter { $0.role == role.name && $0.index <= role.count }
            adopt("memory", of: role, own, is: role.resources.memoryMiB, words: Self.size) { $0.memoryMiB }
            adopt("cpus", of: role, own, is: role.resources.cpus, words: { "\($0)" }) { $0.cpus }
            rest += own.flatMap(Self.unsaid)
        }
        guard let network = observed.network(of: topology.name) else { return }
        let plan = NetworkPlan(cluster: topology.name, cidr: topology.network.cidr, mode: topology.network.mode)
        rest += network.drift(from: plan).map { "network \(network.name): \($0)" }
        if let live = network.liveDrift(from: plan) { rest.append("network \(network.name) \(live)") }
    }

    private mutating func adoptAutostart(_ topology: Topology, _ nodes: [ObservedNode]) {
        let known = nodes.compactMap(\.autostart)
        let (wanted, other) = (topology.autostart, nodes.filter { $0.autostart == !topology.autostart })
        guard !other.isEmpty else { return }
        if other.count == known.count {
            changes.append(Change(role: nil, key: "autostart", old: "\(wanted)", new: "\(!wanted)"))
        } else {
            rest += other.map {
                wanted ? "\($0.name) does not start with the host" : "\($0.name) starts with the host"
            }
        }
    }

    /// A value is a role's where all of its nodes have it.
    private mutating func adopt(
        _ key: String,
        of role: Role,
        _ nodes: [ObservedNode],
        is wanted: Int,
        words: (Int) -> String,
        _ value: (DomainShape) -> Int,
    ) {
        let defined = nodes.compactMap { node in node.defined.map { (name: node.name, value: value($0)) } }
        let others = defined.filter { $0.value != wanted }
        guard let first = others.first else { return }
        if others.count == role.count, others.allSatisfy({ $0.value == first.value }) {
            changes.append(Change(role: role.name, key: key, old: words(wanted), new: words(first.value)))
        } else {
            rest += others.map {
                "\($0.name) is defined with \(key) \(words($0.value)), and the others of its role are not"
            }
        }
    }

    /// Differences between a node as it runs and its definition.
    private static func unsaid(_ node: ObservedNode) -> [String] {
        let disk: [String] =
            switch (node.diskGiB, node.diskSize) {
            case (let made?, let size?) where node.hasStorage:
                switch size.change(from: made) {
                case .grew(let size, let made)?, .shrank(let size, let made)?:
                    ["\(node.name) has a disk of \(size), and was made with \(made)"]
                case nil: []
                }
            default: []
            }
        guard let defined = node.defined else { return disk }
        let drift = NodeDrift(node, memoryMiB: defined.memoryMiB, cpus: defined.cpus)
        return disk + (drift.ofMemory.map { [$0] } ?? []).map { "\(node.name) \($0)" }
            + drift.untilRestart.map { "\(node.name) runs with \($0)" }
    }

    /// `2GiB`, `1536MiB`.
    private static func size(_ mebibytes: Int) -> String {
        mebibytes % 1024 == 0 ? "\(mebibytes / 1024)GiB" : "\(mebibytes)MiB"
    }
}
