import Glibc

/// Limit of open files, and so of connections, of this process.
package enum DescriptorLimit {
    /// A forwarded connection takes two; some are kept for probes and the member list.
    static let connections = max(16, (current - 64) / 2)

    /// Raises the soft limit towards the hard one. Failing to is no reason not to run.
    package static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 65536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static var current: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }
}
