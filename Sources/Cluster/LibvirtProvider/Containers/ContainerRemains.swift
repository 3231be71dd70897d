import Glibc
import Provisioning

/// Remains that libvirt itself leaves of an undefined container: its empty mount points, its log, and at times the
/// socket of its supervisor.
///
/// Seen with libvirt 9.0: `virLXCProcessCleanup` unmounts them and does not remove them.
struct ContainerRemains: Sendable {
    var stateDirectory = "/run/libvirt/lxc"
    var logDirectory = "/var/log/libvirt/lxc"
    var machineLogDirectory = "/var/log/libvirt/qemu"

    /// Removes them by the domain's exact name. A directory that is not empty is in use, and not ours to remove.
    func remove(domain: String) throws(ProviderError) {
        for suffix in ["dev", "devpts", "fuse"] {
            try removeIfPresent("\(stateDirectory)/\(domain).\(suffix)", by: rmdir)
        }
        try removeIfPresent("\(stateDirectory)/\(domain).sock", by: unlink)
        try removeIfPresent("\(logDirectory)/\(domain).log", by: unlink)
    }

    /// Removes the log of a virtual machine, which is all that libvirt leaves of it.
    func remove(machine domain: String) throws(ProviderError) {
        try removeIfPresent("\(machineLogDirectory)/\(domain).log", by: unlink)
    }

    private func removeIfPresent(
        _ path: String,
        by removal: (UnsafePointer<CChar>) -> CInt,
    ) throws(ProviderError) {
        guard removal(path) != 0 else { return }
        let code = errno
        guard ![ENOENT, ENOTEMPTY, EBUSY].contains(code) else { return }
        throw ProviderError(.failed, "cannot remove \(path)", cause: String(cString: strerror(code)))
    }
}
