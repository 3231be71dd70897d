import Diagnostics
import Terminal

/// Limits of the kernel that all nodes of a host share, and the number of nodes that fit into each.
enum HostLimits {
    struct Limit {
        var what: String
        var sysctl: String
        /// Estimate for an idle node: systemd, etcd, fleet and docker with a few containers.
        var perNode: Int
        /// Value that suffices for some hundred nodes.
        var advised: Int
        var note: String?
        /// Value that container nodes raise it to as they boot.
        var raised = 0
    }

    /// Number of nodes below which a limit is worth a warning.
    static let comfortable = 50

    static let all = [
        Limit(
            what: "inotify instances",
            sysctl: "fs.inotify.max_user_instances",
            perNode: 8,
            advised: 8192,
            note: "container nodes raise it to 8192 as they boot",
            raised: 8192,
        ),
        Limit(what: "inotify watches", sysctl: "fs.inotify.max_user_watches", perNode: 150, advised: 524_288),
        Limit(what: "process numbers", sysctl: "kernel.pid_max", perNode: 150, advised: 4_194_304),
        Limit(what: "connections", sysctl: "net.netfilter.nf_conntrack_max", perNode: 500, advised: 262_144),
        Limit(what: "root's keyrings", sysctl: "kernel.keys.root_maxkeys", perNode: 100, advised: 1_000_000),
        // The members of etcd and the host know each node, and each node knows them.
        Limit(
            what: "ARP entries",
            sysctl: "net.ipv4.neigh.default.gc_thresh3",
            perNode: 10,
            advised: 16384,
            note: "fewer where all nodes speak with each other",
        ),
    ]

    /// A sysctl without a value is left out: `nf_conntrack_max` appears with its module.
    static func findings(_ facts: HostFacts) -> [HostFinding] {
        all.compactMap { finding($0, value: facts.sysctls[$0.sysctl] ?? "") }
    }

    /// Ports of a Linux bridge (`BR_MAX_PORTS`), which no setting changes.
    static let bridgePorts = 1023

    /// Limits of this host that are too low for so many nodes.
    ///
    /// - Parameter sysctls: as in ``HostFacts/sysctls``.
    static func shortages(nodes: Int, sysctls: [String: String]) -> [Diagnostic] {
        all.compactMap { limit in
            guard let number = Int((sysctls[limit.sysctl] ?? "").prefix { $0.isNumber }) else { return nil }
            let (needed, value) = (nodes * limit.perNode, max(number, limit.raised))
            guard needed > value else { return nil }
            return .warning(
                "\(Format.count(nodes, "node")) on this host take about \(needed) \(limit.what), and it allows \(value)",
                notes: ["sudo sysctl -w \(limit.sysctl)=\(max(limit.advised, needed))"],
            )
        }
    }

    /// - Parameter value: content of the sysctl's file; nil comes of one that holds no number.
    static func finding(_ limit: Limit, value: String) -> HostFinding? {
        guard let number = Int(value.prefix { $0.isNumber }) else { return nil }
        let nodes = number / limit.perNode
        let note = limit.note.map { "; \($0)" } ?? ""
        let isLow = nodes < comfortable
        return HostFinding(
            what: limit.what,
            level: isLow ? .warning : .ok,
            detail: "\(number), about \(Format.count(nodes, "node"))\(note)",
            fix: isLow ? ["sysctl -w \(limit.sysctl)=\(limit.advised)"] : [],
        )
    }
}
