import ArgumentParser

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Keep what a cluster knows in one file, from which `restore` makes it again.",
        usage:
            "slipway backup CLUSTER [FILE]\nslipway backup check FILE\nslipway backup schedule CLUSTER --every 1h --keep 24",
        discussion: """
            A backup holds etcd's keys (version 3 and 2), and so fleet's units, the topology file with the unit files \
            that it names, and what the cluster's keys are derived from. It does not hold what is on the disks of nodes, \
            such as Docker's images and volumes.

              slipway backup production.yaml
              slipway backup production.yaml /srv/production.backup --passphrase-file key
              slipway backup check /srv/production.backup

            A cluster called `check` or `schedule` is named by its file.
            """,
        subcommands: [BackupCreate.self, BackupCheck.self, BackupSchedule.self],
        defaultSubcommand: BackupCreate.self,
    )
}
