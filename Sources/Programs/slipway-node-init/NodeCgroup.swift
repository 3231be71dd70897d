import Cgroups
import Glibc

/// A cgroup v2 tree of the node's own. libvirt gives a container no cgroup namespace, and on a host with cgroup v1
/// all containers would share one `systemd` hierarchy: their units would fail, and their processes outlive them.
struct NodeCgroup {
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
        let root = CgroupHierarchy.mountPoint
        // What libvirt mounted there, v1 or v2, would be found by systemd.
        while umount2(root, Int32(MNT_DETACH)) == 0 {}
        try CgroupHierarchy.mount()
        let place = CgroupPlace(membership: KernelFile.contents(of: "/proc/self/cgroup"))
        let directory = root + place.directory(named: name)
        CgroupTree.remove(directory)
        if mkdir(directory, 0o755) < 0, errno != EEXIST {
            throw .system("cannot make the node's cgroup \(directory)")
        }
        if let limits = place.limits {
            try CgroupLimits.enableControllers(in: root + place.parent)
            try CgroupLimits.copy(from: root + limits, to: directory)
        }
        try KernelFile.write("0", to: directory + "/cgroup.procs")
        try check("cannot make a cgroup namespace") { unshare(newCgroupNamespace) }
        try check("cannot unmount the host's cgroups") { umount2(root, Int32(MNT_DETACH)) }
        try CgroupHierarchy.mount()
    }
}
