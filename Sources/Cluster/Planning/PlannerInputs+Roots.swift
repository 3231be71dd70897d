import Basics
import Diagnostics
import TopologyModel

extension PlannerInputs {
    /// The same with the roots that container nodes of a topology get.
    func settlingRoots(of topology: Topology, on observed: Observation) -> PlannerInputs {
        var inputs = self
        let own = observed.provider.nodes(of: topology.name)
        // A cluster without a majority is brought back as it was, and given another root after that.
        let isBroken = observed.etcd?.hasQuorum != true && own.contains(where: \.mayHoldEtcdData)
        if !isBroken {
            inputs.wantedRoot =
                switch topology.root {
                case .kept: nil
                case .newest: image.root
                case .version(let text, _): RootVersion.meant(by: text, among: roots).first?.digest
                }
        }
        // Nodes that join a cluster get the root that the others have, as long as this slipway makes such roots.
        let present = Set(own.filter { $0.runtime == .container }.map { $0.image?.root })
        inputs.newRoot = roots.filter { present.contains($0.digest) }.max()?.digest
        return inputs
    }

    /// Name of a root for people: its version, or the first digits of its digest.
    func rootName(_ digest: String) -> String {
        roots.first { $0.digest == digest }?.name ?? String(digest.prefix(12))
    }

    /// Name of an image for people.
    func imageName(_ image: ImageDigests) -> String {
        let programs = image.layer == self.image.layer ? "" : " with node programs \(image.layer.prefix(12))"
        return "root \(rootName(image.root))\(programs)"
    }
}

extension Planner {
    /// The finding that the file asks for a root that this host lacks, or for several.
    var unknownRoot: [Diagnostic] {
        guard case .version(let text, let location) = topology.root else { return [] }
        let meant = RootVersion.meant(by: text, among: inputs.roots)
        guard meant.count != 1 else { return [] }
        let names = (meant.isEmpty ? inputs.roots : meant).sorted(by: >).map(\.name).joined(separator: ", ")
        let advice = [
            names.isEmpty ? "there is none yet" : "there are: \(names)",
            "make one of today's packages: slipway image update",
        ]
        let problem = meant.isEmpty ? "is not on this host" : "is meant by several roots of this host"
        return [.error("root '\(text)' \(problem)", at: location, notes: advice)]
    }
}

extension PlanBuilder {
    /// Notes about images that nodes have left by themselves.
    var retreatNotes: [String] {
        ownNodes.compactMap { node in
            guard let retreat = node.boot?.retreat, plans.contains(where: { $0.name == node.name }) else { return nil }
            return "\(node.name) went back from \(inputs.imageName(retreat.image)) by itself, and keeps what it has: "
                + "\(retreat.reason). To try that again: slipway upgrade \(topology.name) \(node.name) --again"
        }
    }

    /// Notes about roots that nodes could have and do not.
    var rootNotes: [String] {
        let newest = inputs.roots.max()
        let older = plans.filter { plan in
            let latest = plan.runtime == .vm ? inputs.machineImage.root : inputs.image.root
            return plan.image.root != latest && !inputs.foreignImages.values.contains(plan.image.root)
        }
        // A file that names a root has no use for others.
        let behind = inputs.wantedRoot == nil ? older : older.filter { $0.runtime == .vm }
        let versions = behind.filter { plan in
            plan.runtime == .container && inputs.roots.contains { $0.digest == plan.image.root }
        }
        let others = behind.filter { plan in !versions.contains { $0.name == plan.name } }.map(\.name).naturallySorted()
        var notes: [String] = []
        if !others.isEmpty {
            let names = others.joined(separator: ", ")
            notes.append("\(names) keep an older root image; a node that is made anew gets the newest.")
            if topology.network.names {
                notes.append("On \(names) the cluster's names resolve only if that root has dnsmasq.")
            }
        }
        if let newest, !versions.isEmpty {
            let names = versions.map(\.name).naturallySorted().joined(separator: ", ")
            notes.append(
                "Root \(newest.name) is there, and \(names) stay with theirs: slipway upgrade \(topology.name)."
            )
        }
        return notes
    }
}
