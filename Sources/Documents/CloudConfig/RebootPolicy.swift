/// What `coreos.update.reboot_strategy` asks of a node.
package enum RebootStrategy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Reboot only with a place in the cluster's reboot semaphore.
    case etcdLock = "etcd-lock"
    /// Reboot when asked, without asking others.
    case reboot
    /// `etcd-lock` where etcd runs, else `reboot`.
    case bestEffort = "best-effort"
    /// Never reboot by oneself.
    case off
}

/// How a node reboots: `coreos.update.reboot_strategy` and `coreos.locksmith`.
package struct RebootPolicy: Sendable, Hashable, Codable {
    /// Way in which a node that has to reboot takes its turn.
    package var strategy: RebootStrategy
    /// Nodes of one group share a semaphore; the empty one is everybody's.
    package var group: String
    /// Nil for any time.
    package var window: RebootWindow?

    package init(strategy: RebootStrategy = .off, group: String = "", window: RebootWindow? = nil) {
        self.strategy = strategy
        self.group = group
        self.window = window
    }
}

extension CoreOS {
    /// What a node does that is given these sections. A window of which one half is missing or wrong counts for none:
    /// validation has said so.
    package var rebootPolicy: RebootPolicy {
        let start = locksmith[.windowStart]?.description
        let length = locksmith[.windowLength]?.description
        return RebootPolicy(
            strategy: update[.rebootStrategy].flatMap { RebootStrategy(rawValue: $0.description) } ?? .bestEffort,
            group: locksmith[.group]?.description ?? "",
            window: start.flatMap { start in length.flatMap { RebootWindow(start: start, length: $0) } },
        )
    }
}
