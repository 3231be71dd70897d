import Basics
import Planning
import Provisioning

extension ClusterFigures {
    /// Adds backups, reboots and the last command, where etcd says something of them.
    func addUpkeep(to text: inout MetricsText) {
        guard let upkeep else { return }
        if let backup = upkeep.backup {
            text.family(
                "slipway_backup_timestamp_seconds",
                "gauge",
                "When the newest backup was written and checked, in seconds since 1970.",
            )
            text.sample(labels(), Int(backup.time))
            text.family("slipway_backup_size_bytes", "gauge", "Size of the newest backup in bytes.")
            text.sample(labels(), Int(backup.size))
        }
        text.family("slipway_reboot_lock_holders", "gauge", "Machines that hold the semaphore of reboots.")
        text.sample(labels(), upkeep.rebooting)
        text.family("slipway_reboot_lock_max", "gauge", "Machines that may hold the semaphore of reboots at a time.")
        text.sample(labels(), upkeep.mostRebooting)
        addRungs(upkeep.rungs, to: &text)
        guard let last = upkeep.lastCommand else { return }
        // `slipway up FILE`: of its words only the command's name is the same each time.
        let words = last.command.split(separator: " ").drop { $0 == "slipway" }
        let name = words.first.map(String.init) ?? "unknown"
        text.family(
            "slipway_last_command_timestamp_seconds",
            "gauge",
            "When the last command that changed the cluster ended, in seconds since 1970.",
        )
        text.sample(labels(["command": name, "outcome": last.outcome.rawValue]), Int(last.time / 1_000_000))
        text.family(
            "slipway_last_command_duration_seconds",
            "gauge",
            "Time that the last command that changed the cluster took, in seconds.",
        )
        text.sample(labels(["command": name]), (last.seconds * 1000).rounded() / 1000)
    }

    private func addRungs(_ rungs: [String: [String: Double]], to text: inout MetricsText) {
        let names = Set(report.nodes.map(\.name))
        let present = rungs.filter { names.contains($0.key) }
        guard !present.isEmpty else { return }
        text.family(
            "slipway_node_rung_seconds",
            "gauge",
            "Time until the node was on a rung of its way to readiness, when a command last waited for it, in seconds.",
        )
        for (node, times) in present.naturallySorted(by: \.key) {
            for rung in Rung.allCases {
                guard let seconds = times[rung.rawValue] else { continue }
                text.sample(labels(["node": node, "rung": rung.rawValue]), (seconds * 1000).rounded() / 1000)
            }
        }
    }
}
