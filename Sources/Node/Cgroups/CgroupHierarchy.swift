import Glibc

/// The cgroup v2 hierarchy.
package enum CgroupHierarchy {
    /// Mount point of cgroups for systemd, libvirt and nodes.
    package static let mountPoint = "/sys/fs/cgroup"

    /// Returns whether cgroup v2 is mounted at `path` itself: at ``mountPoint`` it is so on hosts without v1
    /// controllers. Each of its directories has this file, and nothing in v1 or on the file system that v1 is mounted
    /// on has.
    package static func isMounted(at path: String = mountPoint) -> Bool {
        access(path + "/cgroup.controllers", F_OK) == 0
    }

    /// Mounts the hierarchy at a directory where it is not mounted yet.
    package static func mount(at path: String = mountPoint) throws(Failure) {
        let flags = UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC)
        try check("cannot mount cgroup2 at \(path)") { Glibc.mount("cgroup2", path, "cgroup2", flags, nil) }
    }
}
