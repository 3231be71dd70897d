import Basics
import FoundationEssentials
import Planning
import Provisioning
import SystemPackage
import Terminal
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

extension HostFinding {
    /// Findings that need no libvirt.
    static func ofThisHost(_ facts: HostFacts) -> [HostFinding] {
        programs() + HostChecks.findings(facts) + HostLimits.findings(facts) + [disk(), memory(facts.memory)]
    }

    private static func programs() -> [HostFinding] {
        let needed = [
            ("ssh", "openssh-client"), ("virsh", "libvirt-clients"), ("mmdebstrap", "mmdebstrap"),
            ("dnsmasq", "dnsmasq-base"), ("ip", "iproute2"),
        ]
        // For virtual machines, and for images from elsewhere.
        let useful = [
            ("qemu-img", "qemu-utils"), ("mkfs.ext4", "e2fsprogs"), ("curl", "curl"), ("gpgv", "gpgv"),
            ("gzip", "gzip"),
            ("bzip2", "bzip2"), ("xz", "xz-utils"), ("zstd", "zstd"),
        ]
        let firmware = Architecture.current.firmware
        let isInstalled = firmware.map { access($0.path, R_OK) == 0 } ?? false
        return needed.map { program($0, package: $1, level: .missing) }
            + useful.map { program($0, package: $1, level: .warning) }
            + [HostChecks.firmware(firmware, isInstalled: isInstalled)].compactMap(\.self)
    }

    private static func program(_ name: String, package: String, level: HostFinding.Level) -> HostFinding {
        if let path = HostFacts.find(name) { return HostFinding(what: name, level: .ok, detail: path) }
        return HostFinding(what: name, level: level, detail: "not found", fix: ["apt-get install -y \(package)"])
    }

    private static func disk() -> HostFinding {
        let home: FilePath
        do throws(UserError) {
            home = try SlipwayHome.path()
        } catch {
            return HostFinding(what: "disk", level: .missing, detail: error.description)
        }
        var path = home
        while access(path.string, F_OK) != 0, !path.components.isEmpty { path.removeLastComponent() }
        var status = statvfs()
        guard statvfs(path.string, &status) == 0 else {
            return HostFinding(what: "disk", level: .warning, detail: "\(path) cannot be examined")
        }
        let free = Int64(status.f_bavail) * Int64(status.f_frsize)
        let detail = "\(Format.bytes(free)) free in \(home)"
        return free > 4 << 30
            ? HostFinding(what: "disk", level: .ok, detail: detail)
            : HostFinding(
                what: "disk",
                level: .warning,
                detail: detail,
                remedy: "make room, or set SLIPWAY_HOME elsewhere"
            )
    }

    private static func memory(_ text: String) -> HostFinding {
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") } ?? ""
        let free = Int64(line.filter(\.isNumber)) ?? 0
        let detail = "\(Format.bytes(free * 1024)) available"
        return HostFinding(what: "memory", level: free > 1 << 20 ? .ok : .warning, detail: detail)
    }
}
