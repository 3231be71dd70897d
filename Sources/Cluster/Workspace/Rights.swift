import Basics
import FoundationEssentials
import Planning
import Provisioning
import TopologyModel

#if canImport(Glibc)
    import Glibc
#endif

/// Rights that nodes take on libvirt's host. Containers are root's: their directories have the owners that files have on
/// the node, and what mounts them runs as root. Virtual machines are made through libvirt alone.
struct Rights {
    /// True for root, and where libvirt looks after containers by itself: on another host, and in its driver for tests.
    let mayHaveContainers: Bool
    /// Command line that does the same as root.
    let asRoot: String

    init(
        uri: String,
        user: uid_t = geteuid(),
        arguments: [String] = CommandLine.arguments,
    ) {
        mayHaveContainers = user == 0 || !uri.contains(":///") || uri.hasPrefix("test:")
        asRoot = (["sudo"] + arguments.map { ShellWord.quoted($0) }).joined(separator: " ")
    }

    /// Throws where roles say `container`, before anything is fetched or made for them.
    func check(_ topology: Topology) throws(UserError) {
        let roles = topology.roles.filter { $0.count > 0 && $0.runtime == .container && !$0.choosesRuntime }
        guard !mayHaveContainers, let role = roles.first else { return }
        throw refusal(of: "nodes of role '\(role.name)'")
    }

    /// Throws where the host made containers of roles that left it the choice.
    func check(_ plan: Plan) throws(UserError) {
        guard !mayHaveContainers, let node = plan.nodes.first(where: { $0.runtime == .container }) else { return }
        throw refusal(of: "node '\(node.name)'")
    }

    /// Throws where some of a cluster's nodes are containers, which root's keys lead to.
    func check(_ nodes: [ObservedNode]) throws(UserError) {
        guard !mayHaveContainers, let node = nodes.first(where: { $0.runtime == .container }) else { return }
        throw refusal(of: "node '\(node.name)' of cluster '\(node.cluster)'")
    }

    /// Throws where a user would give nodes keys that are not theirs: their owner could log in no more. Root may, as after the
    /// loss of a host's secret.
    func check(_ plan: Plan, of present: [ObservedNode], home: String) throws(UserError) {
        guard !mayHaveContainers else { return }
        let planned = Dictionary(plan.nodes.map { ($0.name, $0) }) { first, _ in first }
        guard let node = present.first(where: { node in planned[node.name].map(node.hasOtherKeys) ?? false }) else {
            return
        }
        throw UserError(
            "node '\(node.name)' of cluster '\(node.cluster)' has keys that are not in \(home): it was made by root, or by "
                + "another user, who alone can change it; as root: \(asRoot)",
            isAboutHost: true,
        )
    }

    private func refusal(of what: String) -> UserError {
        UserError(
            "\(what): containers take root; run: \(asRoot)\n"
                + "Virtual machines do not (runtime: vm, or --runtime vm), for users in group libvirt",
            isAboutHost: true,
        )
    }
}
