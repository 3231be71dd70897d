import Glibc

/// A cgroup v2 tree of the node's own. libvirt gives a container no cgroup namespace, and on a host with cgroup v1
/// all containers would share one `systemd` hierarchy: their units would fail, and their processes outlive them.
struct NodeCgroup {
    static let mountPoint = "/sys/fs/cgroup"

    let name: String

    /// libvirt tells a container its domain's UUID; the host finds what the node left by the same name.
    static func nameFromEnvironment() -> String {
        for variable in ["LIBVIRT_LXC_UUID", "container_uuid"] {
            if let value = getenv(variable) {
                return "slipway-" + String(cString: value)
            }
        }
        return "slipway-node"
    }

    func enter() throws(Failure) {
        // What libvirt mounted there, v1 or v2, would be found by systemd.
        while umount2(Self.mountPoint, Int32(MNT_DETACH)) == 0 {}
        try Self.mountHierarchy(at: Self.mountPoint)
        let directory = Self.mountPoint + Self.ownPath() + name
        CgroupRemoval.removeTree(directory)
        if mkdir(directory, 0o755) < 0, errno != EEXIST {
            throw .system("cannot make the node's cgroup \(directory)")
        }
        try KernelFile.write("0", to: directory + "/cgroup.procs")
        try check("cannot make a cgroup namespace") { unshare(newCgroupNamespace) }
        try check("cannot unmount the host's cgroups") { umount2(Self.mountPoint, Int32(MNT_DETACH)) }
        try Self.mountHierarchy(at: Self.mountPoint)
    }

    static func mountHierarchy(at path: String) throws(Failure) {
        let flags = UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC)
        try check("cannot mount cgroup2 at \(path)", hint: "the kernel must have cgroup v2 (Linux 5.4 or later)") {
            mount("cgroup2", path, "cgroup2", flags, nil)
        }
    }

    /// This process's place in the v2 hierarchy, with a slash at both ends. A place outside the namespace's root
    /// (it is told as `/../…`) cannot be reached, so the node's directory is made at the root.
    private static func ownPath() -> String {
        let lines = KernelFile.contents(of: "/proc/self/cgroup").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("0::/") }) else { return "/" }
        let path = line.dropFirst(3)
        return path == "/" || path.hasPrefix("/..") ? "/" : path + "/"
    }
}
