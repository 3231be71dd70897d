#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Number of files, and so connections, that this process may have open.
package enum DescriptorLimit {
    /// Raises the soft limit towards the hard one. Failing to is no reason not to run.
    package static func raise() {
        guard var limit = limits else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65536))
        setrlimit(resource, &limit)
    }

    /// Soft limit now.
    package static var current: Int { limits.map { Int(clamping: $0.rlim_cur) } ?? 1024 }

    private static var limits: rlimit? {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? limit : nil
    }

    #if canImport(Glibc)
        private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let resource = RLIMIT_NOFILE
    #endif
}
