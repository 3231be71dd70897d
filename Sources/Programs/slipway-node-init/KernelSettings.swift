import Cgroups
import Glibc

/// Kernel settings that a node needs before its units start. Inside, `/proc/sys` is mostly read-only, so that no node
/// can change its host by accident; here a `/proc` of its own is used for a moment.
enum KernelSettings {
    /// systemd, networkd, journald, dbus and dockerd hold about eight inotify instances a node. All nodes of a host
    /// count as one user, whose limit is 128 by default: sixteen nodes. Set here, and not by the command that makes a
    /// cluster, because nodes also start without it, after the host's own restart.
    private static let wantedInstances = 8192

    /// A neighbour that is not up yet is asked for again after this many milliseconds, not after a second. etcd members
    /// that boot together dial each other before all of them are there, and give each peer a second to answer: a
    /// question that is lost then costs a second a peer, while "no route to host" costs nothing.
    private static let neighbourRetry = "50"

    static func apply(scratch: String) throws(Failure) {
        try check("cannot mount /proc at \(scratch)") {
            mount("proc", scratch, "proc", UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC), nil)
        }
        let instances = "\(scratch)/sys/fs/inotify/max_user_instances"
        if let current = Int(KernelFile.contents(of: instances).prefix { $0.isNumber }), current < wantedInstances {
            try KernelFile.write("\(wantedInstances)", to: instances)
        }
        // networkd says it is ready before the address is there; etcd and sockets bind to it all the same.
        try KernelFile.write("1", to: "\(scratch)/sys/net/ipv4/ip_nonlocal_bind")
        for interface in ["default", "eth0"] {
            let retry = "\(scratch)/sys/net/ipv4/neigh/\(interface)/retrans_time_ms"
            if !KernelFile.contents(of: retry).isEmpty { try KernelFile.write(neighbourRetry, to: retry) }
        }
        try check("cannot unmount \(scratch)") { umount2(scratch, Int32(MNT_DETACH)) }
    }
}
