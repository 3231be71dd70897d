import ArgumentParser
import Basics
import FoundationEssentials
import SystemPackage
import TopologyModel
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

struct BackupSchedule: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Make backups of a cluster again and again, by a timer of this host's systemd.",
        discussion: """
            Installs slipway-backup-CLUSTER.timer and its service, and starts the timer: the first backup is made at once. \
            Of the cluster's backups in the directory the newest are kept; other files there are left alone.

              slipway backup schedule production.yaml --every 1h --keep 24
              systemctl list-timers 'slipway-backup-*'
              journalctl -u slipway-backup-production
              slipway backup schedule production --remove     ends it; the backups stay
            """,
    )

    @Argument(help: "The cluster's topology file, or a name for which there is one.")
    var cluster: String
    @Option(help: ArgumentHelp("Time between two backups, such as 30m or 1h.", valueName: "duration"))
    var every: String?
    @Option(help: ArgumentHelp("How many of the cluster's backups are kept.", valueName: "count"))
    var keep = 24
    @Option(help: ArgumentHelp("Where they go (default: backups/CLUSTER in $SLIPWAY_HOME).", valueName: "path"))
    var directory: String?
    @Flag(help: "End the schedule, and leave the backups.")
    var remove = false
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    /// systemd's own granularity is a minute.
    private static let least = 60.0

    func validate() throws {
        guard keep >= 1 else { throw ValidationError("--keep is at least 1") }
        guard remove == (every == nil) else { throw ValidationError("say --every DURATION, or --remove") }
        guard let every else { return }
        guard let seconds = GoDuration.seconds(every), seconds >= Self.least else {
            throw ValidationError("--every is a time such as 30m or 1h, of a minute at least")
        }
    }

    func run() async throws {
        let argument = ClusterArgument(cluster)
        let name = try remove ? Self.name(of: argument) : argument.clusterName()
        let units = try ScheduleUnits(cluster: name)
        if remove {
            let removed = try await units.remove()
            guard removed else { throw UserError("there is no schedule of backups for cluster '\(name)'") }
            if output.json { return try Output.json(SchedulePayload(cluster: "\(name)", removed: true)) }
            return Output.print("Removed \(units.timer); the backups stay.")
        }
        let home = try SlipwayHome.prepared()
        let place = directory.map(Self.absolute) ?? home.appending("backups").appending(name.description).string
        let seconds = Int(every.flatMap(GoDuration.seconds) ?? 0)
        var command = [
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"), "backup", "create",
            Self.absolute(try argument.path()), "--directory", place, "--keep", "\(keep)", "--connect", connect.uri,
        ]
        if let file = passphrase.file {
            _ = try passphrase.text()
            command += ["--passphrase-file", Self.absolute(file)]
        }
        try await units.install(command: command, home: home.string, seconds: seconds)
        if output.json {
            return try Output.json(
                SchedulePayload(
                    cluster: "\(name)",
                    timer: units.timer,
                    directory: place,
                    keep: keep,
                    everySeconds: seconds,
                    removed: false,
                )
            )
        }
        Output.print("\(units.timer): a backup every \(every ?? "") in \(place), of which \(keep) are kept.")
    }

    /// The file may be gone, and the name is enough.
    private static func name(of argument: ClusterArgument) throws -> ClusterName {
        if case .name(let name) = argument { return try ClusterName(name) }
        return try argument.clusterName()
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}

/// A schedule as a program reads it.
struct SchedulePayload: Encodable {
    var cluster: String
    var timer: String?
    var directory: String?
    var keep: Int?
    var everySeconds: Int?
    var removed: Bool
}
