import FleetState
import Planning
import Provisioning

/// What a person asks for on the page.
package struct DashboardAction: Sendable, Hashable, Decodable {
    /// What there is to ask for.
    package enum Verb: String, Sendable, Hashable, Decodable {
        /// Of a cluster: bring it to its file, or give a role another number of nodes.
        case up, scale
        /// Of a node: its power.
        case start, stop, restart
        /// Of a node: its units leave it, or may come back.
        case drain, undrain
        /// Of a unit: its wanted state.
        case launch, halt
    }

    /// What is to be done.
    package var verb: Verb
    /// Name of the cluster.
    package var cluster: String
    /// Name of the node, the unit or the role; none for all of the cluster.
    package var name: String?
    /// Number of nodes that a role is to have.
    package var count: Int?

    package init(_ verb: Verb, cluster: String, name: String? = nil, count: Int? = nil) {
        (self.verb, self.cluster, self.name, self.count) = (verb, cluster, name, count)
    }

    /// Words of the command that does it, without the program's name. All that is named in it exists, so that no name
    /// is taken for an option.
    ///
    /// - Parameters:
    ///   - look: the cluster as it is.
    ///   - file: its topology file.
    package func command(at look: ClusterLook, file: () throws -> String) throws -> [String] {
        let nodes = look.observation.provider.nodes(of: cluster).filter(\.hasDomain)
        switch verb {
        case .up:
            return ["up", try file()]
        case .scale:
            guard let name, nodes.contains(where: { $0.role == name }) else { throw unknown("role") }
            guard let count, (0...9999).contains(count) else {
                throw DashboardError("say how many nodes \(name) shall have")
            }
            return ["scale", try file(), "\(name)=\(count)"]
        case .start, .stop, .restart:
            return [verb.rawValue, cluster, try node(among: nodes.map(\.name))]
        case .drain, .undrain:
            let node = try node(among: nodes.map(\.name))
            return try fleetctl([verb.rawValue, Identity.machineID(cluster: cluster, node: node)], at: look)
        case .launch, .halt:
            guard let name, look.fleet?.units[name] != nil else { throw unknown("unit") }
            return try fleetctl([verb == .launch ? "start" : "stop", "--no-block", name], at: look)
        }
    }

    private func node(among names: [String]) throws -> String {
        guard let name, names.contains(name) else { throw unknown("node") }
        return name
    }

    private func unknown(_ what: String) -> DashboardError {
        DashboardError("there is no \(what) \(name ?? "") in \(cluster)")
    }

    /// fleetctl on a node that fleet lists.
    private func fleetctl(_ words: [String], at look: ClusterLook) throws -> [String] {
        let listed = StatusReport(look.observation, cluster: cluster).nodes.filter { $0.fleet == true }
        guard let node = listed.first(where: \.isWell) ?? listed.first else {
            throw DashboardError("fleet lists no machine of \(cluster) now")
        }
        return ["exec", cluster, node.name, "--", "fleetctl"] + words
    }
}

/// What a command says while it runs.
package enum CommandOutput: Sendable, Hashable {
    /// A piece of its output; lines end with a line feed.
    case text(String)
    /// It waits for an answer to the question that it has just asked.
    case question
}
