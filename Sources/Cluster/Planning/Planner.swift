import Basics
import Diagnostics
import Rendering
import TopologyModel
import UnitFiles

/// plan(desired, observed): the steps from the observed state to the desired one.
///
/// The same input gives the same plan. The planner never guesses: where it cannot go on safely it says why and plans
/// nothing.
package struct Planner: Sendable {
    let topology: Topology
    let inputs: PlannerInputs

    package init(topology: Topology, inputs: PlannerInputs) {
        self.topology = topology
        self.inputs = inputs
    }

    /// The plan that brings the cluster from `observed` to what the topology says.
    ///
    /// - Throws: ``DiagnosticsError`` with everything that stands in the way; nothing has been touched then.
    package func plan(from observed: Observation) throws(DiagnosticsError) -> Plan {
        let settled = topology.settlingRuntimes(on: observed.provider)
        var plan = try Planner(topology: settled, inputs: inputs).settledPlan(from: observed)
        plan.notes = topology.runtimeNotes(on: observed.provider) + plan.notes
        return plan
    }

    private func settledPlan(from observed: Observation) throws(DiagnosticsError) -> Plan {
        let obstacles =
            unknownImages + unknownRoot + unknownReplaced
            + Obstacles(topology: topology, observed: observed, replaced: inputs.replaced).diagnostics(
                at: self.inputs.certificates.now
            )
        guard !obstacles.hasErrors else { throw DiagnosticsError(obstacles) }
        var builder = try builder(from: observed)
        var plan = try builder.build()
        plan.warnings = obstacles + (try imageFindings(builder)) + plan.warnings
        return plan
    }

    /// The nodes that the topology asks for as they would be made now, whatever stands in the way of a plan: their
    /// digests tell which of those that are there are as wanted.
    ///
    /// - Throws: ``DiagnosticsError`` when they have no room in the network, or their keys cannot be made.
    package func nodes(from observed: Observation) throws(DiagnosticsError) -> [NodePlan] {
        let settled = topology.settlingRuntimes(on: observed.provider)
        let builder = try Planner(topology: settled, inputs: inputs).builder(from: observed)
        return builder.nodes.map { builder.nodePlan($0, peers: builder.wantedPeers, state: .new) }
    }

    func builder(from observed: Observation) throws(DiagnosticsError) -> PlanBuilder {
        let nodes = try placedNodes(observed)
        let inputs = try self.inputs.settlingRoots(of: topology, on: observed)
            .withCertificates(for: topology, observed: observed.provider)
        let secrets = try NodeSecrets.all(nodes, topology: topology, inputs: inputs)
        return PlanBuilder(topology: topology, inputs: inputs, observed: observed, nodes: nodes, secrets: secrets)
    }

    /// The plan that removes all of `cluster` that there is, however much or little.
    ///
    /// - Parameter gently: whether etcd's members go last, so that other nodes can still record the end of their units
    ///   in it. They go together: none has to find a successor.
    /// - Throws: ``PlanFault`` when the plan contradicts itself.
    package static func tearDown(
        _ cluster: String,
        observed: ProviderObservation,
        gently: Bool = false,
        keepsSnapshots: Bool = false,
    ) throws(PlanFault) -> Plan {
        let all = observed.nodes(of: cluster)
        let members = gently ? all.filter { $0.etcd == .member && $0.power == .running }.map(\.name) : []
        let nodes = all.filter { !members.contains($0.name) } + all.filter { members.contains($0.name) }
        let others = nodes.filter { !members.contains($0.name) && $0.power == .running }.map(Self.removal(of:))
        let removals = nodes.map { node in
            Step(
                Self.removal(of: node),
                .removeNode(NodeReference(node)),
                reason: node.hasDomain ? "the cluster is taken down" : "remains of a node that is gone",
                needs: members.contains(node.name) ? others : [],
                cost: .destroys,
            )
        }
        var steps = removals
        if let network = observed.network(of: cluster) {
            steps.append(
                Step(
                    "network/remove",
                    .removeNetwork(cluster: cluster),
                    reason: "network \(network.name) has no node any more",
                    needs: removals.map(\.id),
                    cost: .destroys,
                )
            )
        }
        if !nodes.isEmpty || observed.emptyClusterDirectories.contains(cluster) {
            steps.append(
                Step(
                    "cluster/remove",
                    .removeRemains(cluster: cluster),
                    reason: "the cluster's directory is empty",
                    needs: removals.map(\.id),
                )
            )
        }
        let snapshots = observed.snapshots(of: cluster)
        if !snapshots.isEmpty, !keepsSnapshots {
            steps.append(
                Step(
                    "snapshots/remove",
                    .snapshot(.remove(cluster: cluster, names: snapshots)),
                    reason: "they go with the cluster; --keep-snapshots keeps them",
                    needs: removals.map(\.id),
                    cost: .destroys,
                )
            )
        }
        let generation = (nodes.map(\.generation).max() ?? 0) + (steps.isEmpty ? 0 : 1)
        var plan = try Plan(cluster: cluster, purpose: .tearDown, generation: generation, steps: steps)
        let addresses = nodes.compactMap { node in
            members.contains(node.name) ? node.address.map { (node.name, $0) } : nil
        }
        plan.lastMembers = Dictionary(addresses) { first, _ in first }
        return plan
    }

    private static func removal(of node: ObservedNode) -> StepID { "node/\(node.name)/remove" }

    /// Images that this host lacks, and for which no source is given.
    private var unknownImages: [Diagnostic] {
        topology.roles.compactMap { role in
            guard let image = role.image, inputs.foreignImages[image] == nil else { return nil }
            return .error(
                "role '\(role.name)' asks for image '\(image.words)', which is not on this host",
                at: role.location,
                notes: [
                    "see what there is: slipway image list", "bring it here: slipway image add \(image.words) SOURCE",
                ],
            )
        }
    }

    /// Nodes that are to be replaced, and that the file does not ask for.
    private var unknownReplaced: [Diagnostic] {
        let names = topology.roles.flatMap { role in
            (0..<role.count).map { Identity.nodeName(role: role.name, index: $0 + 1) }
        }
        return inputs.replaced.subtracting(names).sorted().map { name in
            .error(
                "no node is called '\(name)', so it cannot be replaced",
                notes: ["there are: \(names.sorted().joined(separator: ", "))"],
            )
        }
    }

    /// Returns a finding for each role and directive that the role's image cannot express.
    private func imageFindings(_ builder: PlanBuilder) throws(DiagnosticsError) -> [Diagnostic] {
        let first = topology.roles.compactMap { role in builder.nodes.first { $0.role.name == role.name } }
        let findings = first.flatMap { node in
            builder.configuration(of: node).imageFindings.map { finding -> Diagnostic in
                let text = "nodes of role '\(node.role.name)' do not get \(finding.directive): \(finding.message)"
                return finding.severity == .error
                    ? .error(text, at: node.role.location) : .warning(text, at: node.role.location)
            }
        }
        guard !findings.hasErrors else { throw DiagnosticsError(findings) }
        return findings
    }

    /// Every node the topology asks for, with its address.
    private func placedNodes(_ observed: Observation) throws(DiagnosticsError) -> [PlacedNode] {
        let existing = Dictionary(
            observed.provider.nodes(of: topology.name).map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first },
        )
        let wanted = topology.roles.flatMap { role in
            (0..<role.count).map { (role: role, index: $0 + 1) }
        }
        let kept = existing.values.compactMap(\.address).filter(topology.network.cidr.contains)
        var addresses = AddressAllocation(
            network: topology.network.cidr,
            roles: topology.roles.map(\.name),
            taken: kept,
        )
        var placed: [PlacedNode] = []
        for (role, index) in wanted {
            let name = Identity.nodeName(role: role.name, index: index)
            let own = existing[name]?.address.flatMap { topology.network.cidr.contains($0) ? $0 : nil }
            guard let address = own ?? addresses.next(for: role.name) else {
                throw DiagnosticsError([Obstacles.networkFull(topology)])
            }
            placed.append(
                PlacedNode(
                    name: name,
                    role: role,
                    index: index,
                    address: address,
                    observed: existing[name],
                    etcdTLS: topology.etcd.tls,
                )
            )
        }
        return placed
    }
}

/// A node the topology asks for, and the one that is there under its name.
struct PlacedNode: Sendable {
    var name: String
    var role: Role
    var index: Int
    var address: IPv4Address
    var observed: ObservedNode?
    var etcdTLS: Bool

    var isMember: Bool { role.etcd == .member }
    var peerURL: String { EtcdURL.peer(address, tls: etcdTLS) }
}
