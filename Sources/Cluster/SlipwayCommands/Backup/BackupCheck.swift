import ArgumentParser
import Backups
import Workspace

struct BackupCheck: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a backup, and say what is in it.",
        discussion: """
            Every byte is compared with its checksum, and the snapshot is restored into an etcd of this host. Exit code 1 \
            for a file that is damaged, is of a later version, or is not opened by the passphrase.
            """,
    )

    @Argument(help: "The backup.")
    var file: String
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let backup = try BackupFile(at: file, passphrase: try passphrase.text())
        let workspace = try await HostWorkspace.open(connect.uri)
        try await Interrupt.guarding(advice: "Stopped.") { try await workspace.check(backup) }
        if output.json {
            try Output.json(BackupPayload(backup, path: file))
        } else {
            Output.print(BackupText.text(backup.manifest))
        }
    }
}
