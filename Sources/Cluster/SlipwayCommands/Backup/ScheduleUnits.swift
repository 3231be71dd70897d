import Basics
import FoundationEssentials
import Subprocess
import SystemPackage
import TopologyModel
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

/// The service and the timer by which this host's systemd makes backups of a cluster.
struct ScheduleUnits: Sendable {
    /// First line of both, by which they are known to be Slipway's.
    private static let mark = "# Made by slipway backup schedule, which also removes it."

    /// Directory of units that this host's administrator, or a program for them, made.
    static let standardDirectory = "/etc/systemd/system"

    let cluster: ClusterName
    let directory: String

    var service: String { "slipway-backup-\(cluster).service" }
    var timer: String { "slipway-backup-\(cluster).timer" }

    /// - Throws: ``UserError`` where systemd does not run, or this user cannot give it units.
    init(
        cluster: ClusterName,
        directory: String = standardDirectory,
        isRunning: Bool = FileManager.default.fileExists(atPath: "/run/systemd/system"),
        user: uid_t = geteuid(),
    ) throws(UserError) {
        guard isRunning else {
            throw UserError(
                "systemd does not run here, so nothing makes backups by itself; have another program run: "
                    + "slipway backup CLUSTER --directory DIRECTORY --keep COUNT"
            )
        }
        guard user == 0 else { throw UserError("timers of this host are root's: run it with sudo") }
        (self.cluster, self.directory) = (cluster, directory)
    }

    /// Text of the service.
    func serviceText(command: [String], home: String) -> String {
        """
        \(Self.mark)
        [Unit]
        Description=Backup of slipway's cluster \(cluster)
        Documentation=man:slipway-backup(1)
        # After a start of the host, the cluster takes its time.
        After=libvirtd.service virtlxcd.service virtqemud.service
        StartLimitIntervalSec=0

        [Service]
        Type=oneshot
        Restart=on-failure
        RestartSec=5min
        Environment=\(Self.quoted("SLIPWAY_HOME=\(home)"))
        ExecStart=\(command.map(Self.quoted).joined(separator: " "))
        Nice=10

        """
    }

    /// Text of the timer.
    func timerText(seconds: Int) -> String {
        """
        \(Self.mark)
        [Unit]
        Description=Backups of slipway's cluster \(cluster)

        [Timer]
        OnActiveSec=0
        OnUnitActiveSec=\(seconds)s

        [Install]
        WantedBy=timers.target

        """
    }

    func install(command: [String], home: String, seconds: Int) async throws {
        try refuseForeign()
        try AtomicFile.write(serviceText(command: command, home: home), to: "\(directory)/\(service)")
        try AtomicFile.write(timerText(seconds: seconds), to: "\(directory)/\(timer)")
        try await Self.systemctl("daemon-reload")
        try await Self.systemctl("enable", timer)
        // One that ran already begins with the new times.
        try await Self.systemctl("restart", timer)
    }

    /// The schedule of a cluster that is removed, which would only fail from then on.
    ///
    /// - Parameters:
    ///   - uri: of the libvirt that the cluster was on; another one's may be of the same name.
    ///   - home: with the cluster's keys.
    /// - Returns: nil where there is none that this user may remove, and for units that somebody else wrote.
    static func existing(
        of cluster: ClusterName,
        uri: String,
        home: String,
        directory: String = standardDirectory,
        isRunning: Bool = FileManager.default.fileExists(atPath: "/run/systemd/system"),
        user: uid_t = geteuid(),
    ) -> ScheduleUnits? {
        do {
            let units = try ScheduleUnits(cluster: cluster, directory: directory, isRunning: isRunning, user: user)
            guard FileManager.default.fileExists(atPath: "\(directory)/\(units.timer)") else { return nil }
            try units.refuseForeign()
            let text = try String(contentsOfFile: "\(directory)/\(units.service)", encoding: .utf8)
            let lines = text.split(separator: "\n")
            guard lines.contains("Environment=\(quoted("SLIPWAY_HOME=\(home)"))"),
                lines.contains(where: { $0.hasPrefix("ExecStart=") && "\($0) ".contains(" --connect \(quoted(uri)) ") })
            else { return nil }
            return units
        } catch {
            return nil
        }
    }

    /// - Returns: false where there was none.
    func remove() async throws -> Bool {
        try refuseForeign()
        let paths = [timer, service].map { "\(directory)/\($0)" }.filter(FileManager.default.fileExists)
        guard !paths.isEmpty else { return false }
        if paths.contains("\(directory)/\(timer)") { try await Self.systemctl("disable", "--now", timer) }
        for path in paths { try FileManager.default.removeItem(atPath: path) }
        try await Self.systemctl("daemon-reload")
        return true
    }

    /// Units of these names that somebody else wrote are left alone.
    func refuseForeign() throws {
        for path in [timer, service].map({ "\(directory)/\($0)" }) where FileManager.default.fileExists(atPath: path) {
            guard try String(contentsOfFile: path, encoding: .utf8).hasPrefix(Self.mark) else {
                throw UserError("\(path) is not slipway's; rename or remove it")
            }
        }
    }

    /// A word of a command line as systemd reads it.
    static func quoted(_ word: String) -> String {
        let escaped = word.replacing("%", with: "%%").replacing("$", with: "$$").replacing("\\", with: "\\\\")
            .replacing("\"", with: "\\\"")
        let isPlain = escaped.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "%$/.:=_-+@,".contains($0)) }
        return isPlain && !escaped.isEmpty ? escaped : "\"\(escaped)\""
    }

    private static func systemctl(_ words: String...) async throws {
        let result = try await Subprocess.run(
            .name("systemctl"),
            arguments: Arguments(words),
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16),
        )
        guard result.terminationStatus.isSuccess else {
            throw UserError("systemctl \(words.joined(separator: " ")) failed: \(result.standardError.trimmed)")
        }
    }
}
