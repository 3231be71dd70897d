import Basics
import FoundationEssentials
import Subprocess
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// Text that ``HostChecks`` and ``HostLimits`` judge: contents of this host's files, and output of its programs.
///
/// A file that is missing or cannot be read is an empty text.
struct HostFacts {
    /// Outcome of a program.
    enum Answer: Equatable, Sendable {
        case missing
        case failed
        case said(String)
    }

    var isRoot = true
    /// `/proc/filesystems`.
    var fileSystems = ""
    /// `/proc/self/mounts`.
    var mounts = ""
    /// `/proc/cpuinfo`.
    var processors = ""
    /// `/proc/meminfo`.
    var memory = ""
    /// `/sys/module/apparmor/parameters/enabled`.
    var appArmor = ""
    /// `/proc/net/tcp` and `udp`, then `tcp6` and `udp6`.
    var sockets = ""
    /// Names of the network interfaces.
    var interfaces: [String] = []
    /// True when `/dev/kvm` exists, and may be read and written.
    var kvm = (exists: false, isUsable: false)
    /// Values of sysctls by name, such as `kernel.pid_max`.
    var sysctls: [String: String] = [:]
    /// `modprobe -n overlay`.
    var overlayModule = Answer.missing
    /// `iptables -S FORWARD`.
    var forwardRules = Answer.missing
    /// `modprobe -n sch_netem`.
    var netemModule = Answer.missing
    /// `/proc/kallsyms`, which also names functions of what is built in.
    var symbols = ""
    /// `systemctl show` of the units of ``HostServices``.
    var units = Answer.missing
    /// Names of the groups that this user is in.
    var groups: Set<String> = []
    /// Name of this user.
    var user = ""

    /// Reads this host.
    static func read() async -> HostFacts {
        var facts = HostFacts()
        facts.isRoot = geteuid() == 0
        facts.fileSystems = text("/proc/filesystems")
        facts.mounts = text("/proc/self/mounts")
        facts.processors = text("/proc/cpuinfo")
        facts.memory = text("/proc/meminfo")
        facts.appArmor = text("/sys/module/apparmor/parameters/enabled")
        facts.sockets = ["tcp", "udp", "tcp6", "udp6"].map { text("/proc/net/\($0)") }.joined(separator: "\n")
        facts.interfaces = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net"))?.sorted() ?? []
        facts.kvm = (access("/dev/kvm", F_OK) == 0, access("/dev/kvm", R_OK | W_OK) == 0)
        facts.sysctls = readSysctls()
        facts.overlayModule = await run("modprobe", ["-n", "overlay"])
        facts.forwardRules = await run("iptables", ["-S", "FORWARD"])
        facts.netemModule = await run("modprobe", ["-n", "sch_netem"])
        if case .said = facts.netemModule {} else { facts.symbols = text("/proc/kallsyms") }
        facts.units = await run("systemctl", ["show", "--property", HostServices.properties] + HostServices.names)
        facts.groups = Set(await said("id", ["-nG"]).split(whereSeparator: \.isWhitespace).map(String.init))
        facts.user = await said("id", ["-nu"]).trimmed
        return facts
    }

    /// The values that ``HostLimits`` judges.
    static func readSysctls() -> [String: String] {
        let names = HostLimits.all.map(\.sysctl)
        return Dictionary(
            names.map { ($0, text("/proc/sys/" + $0.replacing(".", with: "/"))) },
            uniquingKeysWith: { first, _ in first },
        )
    }

    /// Path of a program, also where only root's `PATH` leads.
    static func find(_ program: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return directories.map { "\($0)/\(program)" }.first(where: FileManager.default.isExecutableFile)
    }

    private static func text(_ path: String) -> String {
        (try? WholeFile.text(of: path)) ?? ""
    }

    private static func said(_ program: String, _ arguments: [String]) async -> String {
        if case .said(let text) = await run(program, arguments) { text } else { "" }
    }

    private static func run(_ program: String, _ arguments: [String]) async -> Answer {
        guard let path = find(program) else { return .missing }
        do {
            // They answer at once, unless something is very wrong with the host.
            return try await withDeadline(.seconds(5)) {
                let result = try await Subprocess.run(
                    .path(FilePath(path)),
                    arguments: Arguments(arguments),
                    output: .string(limit: 1 << 20),
                    error: .discarded,
                )
                return result.terminationStatus.isSuccess ? .said(result.standardOutput) : .failed
            } ?? .failed
        } catch {
            return .failed
        }
    }
}
