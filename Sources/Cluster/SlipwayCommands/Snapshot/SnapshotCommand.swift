import ArgumentParser

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Keep all that a cluster's nodes have on their disks, and put the cluster back to it in seconds.",
        discussion: """
            For tests that break a cluster and want it back: everything that nodes have on their disks at one moment, \
            Docker's images and volumes among it. What is in memory is not kept: nodes start from a snapshot as after a \
            power cut, and units begin anew.

              slipway snapshot save production base
              … break something …
              slipway snapshot restore production base

            Snapshots are on this host, below SLIPWAY_HOME, hold the cluster's secrets, and are of containers only. A \
            backup (`slipway backup`) is a file to take elsewhere, holds etcd's keys and not disks, and is of VMs as well.
            """,
        subcommands: [
            SnapshotSaveCommand.self, SnapshotList.self, SnapshotRestore.self, SnapshotRemove.self, SnapshotThaw.self,
        ],
    )
}
