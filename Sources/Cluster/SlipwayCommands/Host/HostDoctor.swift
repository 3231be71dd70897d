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

    /// One thing looked at.
    struct Finding: Encodable {
        enum Level: String, Encodable {
            case ok, warning, missing
        }

        var what: String
        var level: Level
        var detail: String
        var remedy: String?
    }

    func run() async throws {
        var findings = programs() + [root(), overlay(), inotify(), disk(), memory()]
        findings.append(await libvirt())
        findings.append(image())
        if output.json { try Output.json(findings) } else { Output.print(text(findings)) }
        if findings.contains(where: { $0.level == .missing }) { throw ExitCode.failure }
    }

    private func text(_ findings: [Finding]) -> String {
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

    private func programs() -> [Finding] {
        let needed = [
            ("ssh", "openssh-client"), ("virsh", "libvirt-clients"), ("mmdebstrap", "mmdebstrap"),
            ("dnsmasq", "dnsmasq-base"), ("ip", "iproute2"),
        ]
        return needed.map { program, package in
            if let path = Self.find(program) { return Finding(what: program, level: .ok, detail: path) }
            return Finding(
                what: program,
                level: .missing,
                detail: "not found",
                remedy: "sudo apt-get install \(package)",
            )
        }
    }

    private static func find(_ program: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        for directory in directories {
            let candidate = directory + "/" + program
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        return nil
    }

    private func root() -> Finding {
        getuid() == 0
            ? Finding(what: "privileges", level: .ok, detail: "root")
            : Finding(
                what: "privileges",
                level: .missing,
                detail: "not root; container nodes need it",
                remedy: "run slipway with sudo",
            )
    }

    private func overlay() -> Finding {
        let known = (try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8)) ?? ""
        return known.contains("overlay")
            ? Finding(what: "overlay file system", level: .ok, detail: "in the kernel")
            : Finding(
                what: "overlay file system",
                level: .missing,
                detail: "the kernel does not have it",
                remedy: "sudo modprobe overlay",
            )
    }

    private func inotify() -> Finding {
        let file = "/proc/sys/fs/inotify/max_user_instances"
        let limit = (try? String(contentsOfFile: file, encoding: .utf8)).flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
        return limit >= 512
            ? Finding(what: "inotify instances", level: .ok, detail: "\(limit)")
            : Finding(
                what: "inotify instances",
                level: .warning,
                detail: "\(limit); each node takes some ten",
                remedy: "sudo sysctl -w fs.inotify.max_user_instances=1024",
            )
    }

    private func disk() -> Finding {
        let home: FilePath
        do throws(UserError) {
            home = try SlipwayHome.path()
        } catch {
            return Finding(what: "disk", level: .missing, detail: error.description)
        }
        var path = home
        while access(path.string, F_OK) != 0, !path.components.isEmpty { path.removeLastComponent() }
        var status = statvfs()
        guard statvfs(path.string, &status) == 0 else {
            return Finding(what: "disk", level: .warning, detail: "\(path) cannot be looked at")
        }
        let free = Int64(status.f_bavail) * Int64(status.f_frsize)
        let detail = "\(Format.bytes(free)) free in \(home)"
        return free > 4 << 30
            ? Finding(what: "disk", level: .ok, detail: detail)
            : Finding(what: "disk", level: .warning, detail: detail, remedy: "make room, or set SLIPWAY_HOME elsewhere")
    }

    private func memory() -> Finding {
        let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") } ?? ""
        let free = Int64(line.filter(\.isNumber)) ?? 0
        let detail = "\(Format.bytes(free * 1024)) available"
        return Finding(what: "memory", level: free > 1 << 20 ? .ok : .warning, detail: detail)
    }

    private func libvirt() async -> Finding {
        do {
            let provider = LibvirtProvider(
                uri: connect.uri,
                home: try SlipwayHome.path().string,
                logger: HostWorkspace.logger,
            )
            let seen = try await provider.observe()
            let detail = "\(connect.uri) answers; \(Format.count(seen.networks.count, "network"))"
            return Finding(what: "libvirt", level: .ok, detail: detail)
        } catch {
            let hasSystemd = access("/run/systemd/system", F_OK) == 0
            return Finding(
                what: "libvirt",
                level: .missing,
                detail: "\(error)",
                remedy: hasSystemd
                    ? "sudo apt-get install libvirt-daemon-system libvirt-daemon-driver-lxc && sudo systemctl enable --now libvirtd"
                    : "there is no systemd here; run slipway through Scripts/sandbox",
            )
        }
    }

    private func image() -> Finding {
        do {
            let images = try StoredImages(home: SlipwayHome.path())
            let digests = try images.current()
            let name = "\(digests.root.prefix(12))/\(digests.layer.prefix(12))"
            return images.isPresent(digests)
                ? Finding(what: "node image", level: .ok, detail: name)
                : Finding(
                    what: "node image",
                    level: .warning,
                    detail: "\(name) is not made yet",
                    remedy: "slipway image build"
                )
        } catch {
            return Finding(
                what: "node image",
                level: .missing,
                detail: "\(error)".split(separator: "\n").first.map(String.init) ?? "",
                remedy: "swift build -c release --static-swift-stdlib",
            )
        }
    }
}
