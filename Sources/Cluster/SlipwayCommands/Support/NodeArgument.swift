import Planning
import Provisioning
import SecureShell
import TopologyModel
import Workspace

/// A node as named on the command line: `CLUSTER NODE`, `FILE NODE`, `CLUSTER.NODE`, or `NODE` where only one cluster
/// has a node of that name.
struct NodeArgument {
    let words: [String]

    /// - Throws: for arguments that cannot name a node, before anything is read.
    init(words: [String]) throws {
        self.words = words
        switch words.count {
        case 1:
            for label in words[0].split(separator: ".", omittingEmptySubsequences: false) { try Self.check(label) }
        case 2:
            if case .name(let name) = ClusterArgument(words[0]) { _ = try ClusterName(name) }
            try Self.check(words[1][...])
        default:
            throw UserError("name a cluster and a node, such as: production worker-1")
        }
    }

    private static func check(_ label: Substring) throws {
        guard let problem = NameRule.problem(with: String(label), limit: NameRule.nodeLimit) else { return }
        throw InvalidName(kind: "node", text: String(label), problem: problem)
    }

    /// The node meant.
    ///
    /// - Throws: ``UserError`` that says which nodes there are.
    func resolve(_ workspace: HostWorkspace) async throws -> ObservedNode {
        let nodes = try await workspace.provider.observe().nodes.filter(\.hasDomain)
        switch words.count {
        case 1:
            return try only(nodes.filter { $0.name == words[0] || $0.domainName == words[0] }, of: nodes)
        case 2:
            let cluster = try ClusterArgument(words[0]).clusterName().description
            let own = nodes.filter { $0.cluster == cluster }
            guard !own.isEmpty else { throw UserError("there is no cluster '\(cluster)'; see: slipway list") }
            return try only(own.filter { $0.name == words[1] }, of: own)
        default:
            throw UserError("name a cluster and a node, such as: production worker-1")
        }
    }

    private func only(_ found: [ObservedNode], of all: [ObservedNode]) throws -> ObservedNode {
        if let node = found.first, found.count == 1 { return node }
        let wanted = words.last ?? ""
        guard found.isEmpty else {
            let clusters = found.map(\.domainName).joined(separator: ", ")
            throw UserError("'\(wanted)' is a node of several clusters; name one: \(clusters)")
        }
        let names = all.map { words.count == 1 ? $0.domainName : $0.name }.joined(separator: ", ")
        throw UserError("there is no node '\(wanted)'; there are: \(names.isEmpty ? "none" : names)")
    }
}
