import Basics

/// Slipway's features, and whether they work on a host, by the findings of ``HostDoctor``.
enum HostFeatures {
    private struct Feature {
        var name: String
        /// Findings that keep it from working where they are `missing`, and limit it otherwise.
        var needs: [String] = []
        /// Programs and drivers that `up` can do without, and it cannot.
        var parts: [String] = []
        /// Findings that limit it.
        var limits: [String] = []
    }

    private static let all = [
        Feature(
            name: "containers",
            needs: ["libvirt", "overlay file system", "cgroups", "mmdebstrap"],
            parts: ["privileges", "containers of libvirt"],
        ),
        Feature(
            name: "virtual machines",
            needs: ["privileges", "libvirt", "mmdebstrap"],
            parts: ["machines of libvirt", "qemu-img", "mkfs.ext4"],
            limits: ["KVM"],
        ),
        Feature(name: "limits of units on containers", parts: ["containers of libvirt"], limits: ["cgroups"]),
        Feature(
            name: "images from elsewhere",
            parts: ["machines of libvirt", "qemu-img", "curl", "gpgv"]
                + (Architecture.current.firmware == nil ? [] : [HostChecks.firmwareName]),
            limits: ["bzip2", "gzip", "xz", "zstd"],
        ),
        Feature(
            name: "networks of nodes",
            needs: ["dnsmasq", "port 53"],
            limits: ["forwarding", "bridges", "firewalld"],
        ),
        Feature(name: "logins to nodes", needs: ["ssh"]),
        Feature(name: "nodes that start with the host", needs: ["libvirt"], limits: ["libvirt's service"]),
        Feature(name: "chaos of networks", limits: ["sch_netem"]),
        Feature(name: "\(HostLimits.comfortable) nodes and more", limits: HostLimits.all.map(\.what)),
    ]

    /// Names of all checks that features depend on.
    static var dependencies: Set<String> { Set(all.flatMap { $0.needs + $0.parts + $0.limits }) }

    static func findings(_ checks: [HostFinding]) -> [HostFinding] {
        let poor = checks.filter { $0.level != .ok }
        return all.map { feature in
            let broken = poor.filter {
                feature.parts.contains($0.what) || feature.needs.contains($0.what) && $0.level == .missing
            }
            if !broken.isEmpty {
                return finding(feature, .missing, "no, for want of: ", broken)
            }
            let limits = poor.filter { (feature.limits + feature.needs).contains($0.what) }
            if !limits.isEmpty {
                return finding(feature, .warning, "with limits, see: ", limits)
            }
            return HostFinding(kind: .feature, what: feature.name, level: .ok, detail: "yes")
        }
    }

    /// Features are reported, and do not decide the exit code: a host without QEMU is fine for containers.
    private static func finding(
        _ feature: Feature,
        _ level: HostFinding.Level,
        _ verdict: String,
        _ causes: [HostFinding],
    ) -> HostFinding {
        let reasons = causes.map(\.what).joined(separator: ", ")
        return HostFinding(kind: .feature, what: feature.name, level: level, detail: verdict + reasons)
    }
}
