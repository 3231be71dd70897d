import ArgumentParser
import FoundationEssentials
import LibvirtProvider
import Planning
import SystemPackage
import Terminal
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

struct HostDoctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this host lacks, and the command that mends it.",
        discussion: "Exit code 1 when something is missing without which `up` cannot work.",
    )

    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let facts = await HostFacts.read()
        let (connection, networks) = await libvirt()
        var findings = programs() + HostChecks.findings(facts) + HostLimits.findings(facts)
        findings += [disk(), memory(facts.memory), connection]
        // The bridges that can be seen are this host's, whatever host libvirt is on.
        if let networks, connect.uri.contains(":///") {
            findings.append(HostChecks.bridges(facts.interfaces, networks: networks))
        }
        findings.append(image())
        if output.json { try Output.json(findings) } else { Output.print(text(findings)) }
        if findings.contains(where: { $0.level == .missing }) { throw ExitCode.failure }
    }

    private func text(_ findings: [HostFinding]) -> String {
        let style = Output.style
        let rows = findings.map { finding in
            let mark =
                switch finding.level {
                case .ok: style.paint("ok", .green)
                case .warning: style.paint("warn", .yellow)
                case .missing: style.paint("MISSING", .red)
                }
            return [mark, finding.what, finding.detail]
        }
        let remedies = findings.compactMap { finding in finding.remedy.map { "  \(finding.what): \($0)" } }
        let advice = remedies.isEmpty ? "" : "\nTo mend it:\n" + remedies.joined(separator: "\n") + "\n"
        return Table("", "WHAT", "FOUND", rows: rows).format(header: false, style: style) + advice
    }

    // MARK: Checks

    private func programs() -> [HostFinding] {
        let needed = [
            ("ssh", "openssh-client"), ("virsh", "libvirt-clients"), ("mmdebstrap", "mmdebstrap"),
            ("dnsmasq", "dnsmasq-base"), ("ip", "iproute2"),
        ]
        return needed.map { program, package in
            if let path = HostFacts.find(program) { return HostFinding(what: program, level: .ok, detail: path) }
            return HostFinding(
                what: program,
                level: .missing,
                detail: "not found",
                remedy: "sudo apt-get install \(package)",
            )
        }
    }

    private func disk() -> HostFinding {
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
            return HostFinding(what: "disk", level: .warning, detail: "\(path) cannot be looked at")
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

    private func memory(_ text: String) -> HostFinding {
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") } ?? ""
        let free = Int64(line.filter(\.isNumber)) ?? 0
        let detail = "\(Format.bytes(free * 1024)) available"
        return HostFinding(what: "memory", level: free > 1 << 20 ? .ok : .warning, detail: detail)
    }

    /// - Returns: the finding, and libvirt's networks where it answers.
    private func libvirt() async -> (HostFinding, networks: [ObservedNetwork]?) {
        do {
            let provider = LibvirtProvider(
                uri: connect.uri,
                home: try SlipwayHome.path().string,
                logger: HostWorkspace.logger,
            )
            let seen = try await provider.observe()
            let detail = "\(connect.uri) answers; \(Format.count(seen.networks.count, "network"))"
            return (HostFinding(what: "libvirt", level: .ok, detail: detail), seen.networks)
        } catch {
            let hasSystemd = access("/run/systemd/system", F_OK) == 0
            let finding = HostFinding(
                what: "libvirt",
                level: .missing,
                detail: "\(error)",
                remedy: hasSystemd
                    ? "sudo apt-get install libvirt-daemon-system libvirt-daemon-driver-lxc && sudo systemctl enable --now libvirtd"
                    : "there is no systemd here; run slipway through Scripts/sandbox",
            )
            return (finding, nil)
        }
    }

    private func image() -> HostFinding {
        do {
            let images = try StoredImages(home: SlipwayHome.path())
            let digests = try images.current()
            let name = "\(digests.root.prefix(12))/\(digests.layer.prefix(12))"
            return images.isPresent(digests)
                ? HostFinding(what: "node image", level: .ok, detail: name)
                : HostFinding(
                    what: "node image",
                    level: .warning,
                    detail: "\(name) is not made yet",
                    remedy: "slipway image build"
                )
        } catch {
            return HostFinding(
                what: "node image",
                level: .missing,
                detail: "\(error)".split(separator: "\n").first.map(String.init) ?? "",
                remedy: "swift build -c release --static-swift-stdlib",
            )
        }
    }
}
