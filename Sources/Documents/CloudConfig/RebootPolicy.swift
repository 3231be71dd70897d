/// Strategies of `coreos.update.reboot_strategy`.
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

/// Policy for a node's reboots: `coreos.update.reboot_strategy` and `coreos.locksmith`.
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
    /// Policy that follows from these sections. A window of which one half is missing or wrong counts as none:
    /// validation has reported it.
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
