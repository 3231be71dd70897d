import Cgroups
import Glibc

/// Removes, on the host, the cgroup v2 directories of nodes that are gone. libvirt does not know them, and on a host
/// with cgroup v1 nothing else removes them.
enum CgroupRemoval {
    static func removeCgroups(named names: [String]) throws(Failure) {
        if !CgroupHierarchy.isMounted() { try mountPrivately() }
        try CgroupTree.remove(named: Set(names), below: CgroupHierarchy.mountPoint)
    }

    /// Mounts the hierarchy in a mount namespace of its own, because a host with cgroup v1 may have v2 mounted nowhere,
    /// and libvirt must not see one beside v1.
    private static func mountPrivately() throws(Failure) {
        try check("cannot make a mount namespace") { unshare(newMountNamespace) }
        try check("cannot make the mounts private") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
        try CgroupHierarchy.mount()
    }
}
