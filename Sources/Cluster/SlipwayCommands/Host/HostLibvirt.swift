import Planning
import SystemPackage
import Terminal
import TopologyModel
import Workspace

/// Findings on libvirt and its drivers, by asking it.
struct HostLibvirt {
    var findings: [HostFinding]
    /// What there is in libvirt; nil where it does not answer.
    var seen: ProviderObservation?

    /// The oldest version that the tests run on.
    private static let oldest: UInt = 9_000_000

    /// Asks libvirt.
    ///
    /// - Parameter facts: of this host, for what helps where libvirt does not answer.
    static func read(uri: String, facts: HostFacts) async -> HostLibvirt {
        do {
            let (seen, drivers, version) = try await HostWorkspace.libvirt(at: uri)
            let detail = "\(uri) answers; \(Format.count(seen.networks.count, "network"))"
            let findings = [
                HostFinding(what: "libvirt", level: .ok, detail: detail),
                Self.version(version),
                driver("containers of libvirt", drivers.contains(.container), package: "libvirt-daemon-driver-lxc"),
                driver("machines of libvirt", drivers.contains(.vm), package: "libvirt-daemon-driver-qemu"),
            ]
            return HostLibvirt(findings: findings, seen: seen)
        } catch {
            return HostLibvirt(findings: [silent("\(error)", facts: facts)])
        }
    }

    /// libvirt does not answer: this user may not ask it, or its service does not run.
    static func silent(_ reason: String, facts: HostFacts) -> HostFinding {
        let what = "libvirt"
        guard facts.isRoot || facts.groups.contains("libvirt") else {
            let remedy = HostChecks.privileges(isRoot: false, user: facts.user).remedy
            return HostFinding(what: what, level: .missing, detail: reason, remedy: remedy)
        }
        let fix = HostServices.remedy(facts.units)
        return HostFinding(
            what: what,
            level: .missing,
            detail: reason,
            remedy: fix.isEmpty ? "there is no systemd here; run slipway through Scripts/sandbox" : nil,
            fix: fix,
        )
    }

    /// - Parameter number: as `major * 1_000_000 + minor * 1_000 + release`.
    static func version(_ number: UInt) -> HostFinding {
        let text = "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
        guard number < oldest else { return HostFinding(what: "libvirt's version", level: .ok, detail: text) }
        return HostFinding(
            what: "libvirt's version",
            level: .warning,
            detail: "\(text), older than 9.0, the oldest that slipway is tested with",
            remedy: "take Debian 12, Ubuntu 24.04 or later",
        )
    }

    private static func driver(_ what: String, _ isPresent: Bool, package: String) -> HostFinding {
        isPresent
            ? HostFinding(what: what, level: .ok, detail: "yes")
            : HostFinding(what: what, level: .warning, detail: "not found", fix: ["apt-get install -y \(package)"])
    }
}
