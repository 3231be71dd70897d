import Cgroups
import Glibc

/// A node's console, which mostly has no reader: libvirt holds what is written to it until someone does, and a full one
/// blocks its writers, process 1 among them, for ever.
enum ContainerConsole {
    /// The names that libvirt gives the container's terminal.
    private static let names = ["/dev/console", "/dev/tty1"]

    /// Takes the terminal away from this process and from all that open it by name: what they write is dropped. The
    /// journal has what systemd and units say.
    static func leave() throws(Failure) {
        for name in names {
            // The node's /dev is its own; libvirt has links or bind mounts there.
            while umount2(name, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) == 0 {}
            if unlink(name) < 0, errno != ENOENT { throw .system("cannot remove \(name)") }
            try check("cannot make \(name)") { symlink("null", name) }
        }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw .system("cannot open /dev/null") }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            try check("cannot leave the console") { dup2(null, descriptor) }
        }
        close(null)
    }
}
