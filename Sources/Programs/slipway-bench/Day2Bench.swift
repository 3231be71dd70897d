import ArgumentParser
import Foundation

/// Time of what is done with a cluster after its first day: snapshots, backups, and the ways back.
struct Day2Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "day2",
        abstract: "Keep production, and bring it back: snapshots, another root, backups, a lost majority.",
        discussion: """
            Each is the whole command, from its start to its end. `upgrade` gives all nodes a copy of their root, while \
            somebody writes to each member in turn, and looks for a container of a worker's unit. `recover` follows the loss of two members' disks. The \
            backup is of keys of 64 MiB in etcd; `restore` makes the cluster anew from it, and is compared with `up`.
            """,
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "Measure each of them this many times.")
    var runs = Runs(3)

    private static let topology = "Topologies/production.yaml"
    private static let cluster = "production"

    func run() async throws {
        let slipway = SlipwayProgram(path: options.slipway)
        let scratch = try Scratch()
        let report = BenchReport(runs: runs.count)
        try await slipway("image", "build")
        let result: Result<Void, any Error>
        let root = try await OtherRoot.make(slipway)
        do {
            result = .success(try await measure(slipway, scratch, root, report.figures))
        } catch { result = .failure(error) }
        await slipway.clear([Self.cluster])
        try await root.remove()
        try scratch.remove()
        try result.get()
        try options.show(report, title: "day 2", rows: Self.rows)
    }

    private struct Snapshot: Decodable {
        var bytes: Double
        var frozen: Double
    }

    private func measure(
        _ slipway: SlipwayProgram,
        _ scratch: Scratch,
        _ root: OtherRoot,
        _ figures: Figures,
    ) async throws {
        for run in 1...runs.count {
            Host.note("run \(run) of \(runs.count)")
            let up = try await Host.timed { try await slipway("up", Self.topology, "--yes") }
            figures.add("up", up)
            try await snapshots(slipway, figures)
            try await UpgradeFigures(cluster: Self.cluster, topology: Self.topology, scratch: scratch)
                .measure(slipway, to: root.version, figures)
            try await recover(slipway, scratch, figures)
            try await fill(slipway)
            let file = "\(scratch.path)/\(run).backup"
            figures.add("backup", try await Host.timed { try await slipway("backup", Self.topology, file) })
            try await slipway("down", Self.cluster, "--yes", "--timeout", "0")
            let restore = try await Host.timed { try await slipway("restore", file, "--yes") }
            figures.add("restore", restore)
            figures.add("restore_after_up", restore - up)
            try await slipway("down", Self.cluster, "--yes", "--timeout", "0")
        }
    }

    private func snapshots(_ slipway: SlipwayProgram, _ figures: Figures) async throws {
        let begin = ContinuousClock.now
        let said = try await slipway("snapshot", "save", Self.cluster, "bench", "--json")
        figures.add("snapshot_save", ContinuousClock.now - begin)
        let snapshot = try JSONDecoder().decode(Snapshot.self, from: Data(said.utf8))
        figures.add("snapshot_frozen", snapshot.frozen * 1000)
        figures.add("snapshot_bytes", snapshot.bytes)
        figures.add(
            "snapshot_restore",
            try await Host.timed { try await slipway("snapshot", "restore", Self.cluster, "bench", "--yes") }
        )
        try await slipway("snapshot", "rm", Self.cluster, "bench", "--yes")
    }

    /// Keys of 64 MiB, each of half a MiB: etcd takes no request of more than one and a half.
    private func fill(_ slipway: SlipwayProgram) async throws {
        let script = """
            head -c 393216 /dev/urandom | base64 -w 0 >/tmp/value
            for key in $(seq 128); do etcdctl put /bench/$key </tmp/value >/dev/null || exit 1; done
            """
        try await slipway("exec", Self.cluster, "central-1", "--", script)
    }

    /// Two members lose their disks.
    private func recover(_ slipway: SlipwayProgram, _ scratch: Scratch, _ figures: Figures) async throws {
        let home = ProcessInfo.processInfo.environment["SLIPWAY_HOME"] ?? "/var/lib/slipway"
        for node in ["central-2", "central-3"] {
            try await Host.run(["virsh", "-q", "-c", "lxc:///system", "destroy", "\(Self.cluster).\(node)"])
            try await Host.run(["rm", "-r", "\(home)/clusters/\(Self.cluster)/\(node)"])
        }
        let file = "\(scratch.path)/recover-\(figures.sorted("recover").count).backup"
        figures.add(
            "recover",
            try await Host.timed { try await slipway("recover", Self.topology, "--backup", file, "--yes") }
        )
    }

    private static let rows = [
        Row(title: "up", figure: "up"),
        Row(title: "snapshot save", figure: "snapshot_save"),
        Row(title: "nodes stand still for it", figure: "snapshot_frozen", aim: .atMost(1)),
        Row(title: "size of the snapshot", figure: "snapshot_bytes", factor: 1 / 1_048_576, unit: "MiB"),
        Row(title: "snapshot restore", figure: "snapshot_restore", aim: .atMost(5)),
        Row(title: "upgrade of 3 + 2", figure: "upgrade", aim: .atMost(12)),
        Row(title: "longest time without a write", figure: "upgrade_writes", aim: .atMost(2)),
        Row(title: "a worker's unit is away", figure: "upgrade_unit", aim: .atMost(5)),
        Row(title: "backup of 64 MiB of keys", figure: "backup", aim: .atMost(2)),
        Row(title: "restore from it", figure: "restore", beside: "up"),
        Row(title: "restore, more than up", figure: "restore_after_up", aim: .atMost(2)),
        Row(title: "recover", figure: "recover", aim: .atMost(10)),
    ]
}
