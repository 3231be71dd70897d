import Cgroups
import Glibc

/// `/proc/meminfo`, which libvirt covers with a file of its own that has the node's limit as the memory there is.
enum MemoryInfo {
    private static let path = "/proc/meminfo"

    /// Uncovers the kernel's file where libvirt's cannot be sought in: that of libvirt 9 cannot, and `free`, `vmstat` and
    /// `top` fail over it. They then show the host's memory, as they do in Docker's containers; the limit is the cgroup's.
    static func uncover() throws(Failure) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system("cannot open \(path)") }
        let canSeek = lseek(file, 0, SEEK_SET) == 0
        close(file)
        guard !canSeek else { return }
        try check("cannot unmount \(path)") { umount2(path, Int32(MNT_DETACH)) }
    }
}
