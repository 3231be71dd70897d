import Foundation
import Testing

extension RealNodes.LifecycleTests {
    /// Keys, units, files and nodes are as they were, and the cluster gets well by itself.
    func goesBackToASnapshot(_ cluster: TestCluster) async throws {
        _ = try await cluster.output(
            "central-1",
            "etcdctl put /kept before >/dev/null && echo before | sudo tee /etc/kept >/dev/null && sync"
        )
        let units = "fleetctl list-units --no-legend --fields=unit,active | sort"
        let before = try await cluster.output("worker-1", units)
        try await aSaveThatIsKilledLeavesNothing(cluster)
        let saved = try await Program.slipway(["snapshot", "save", cluster.file, "base", "--json"]).expecting(0)
        let snapshot = try saved.json(Snapshot.self)
        print("a snapshot of \(snapshot.bytes) bytes: \(snapshot.frozen) s frozen, \(saved.took) in all")
        #expect(snapshot.nodes.count == 5 && snapshot.frozen < 5)
        try await Program.slipway(["snapshot", "save", cluster.name, "base"]).expecting(1)
        try await Program.slipway(["snapshot", "save", cluster.name, "../base"]).expecting(1)

        _ = try await cluster.output(
            "central-1",
            """
            etcdctl put /kept after >/dev/null && etcdctl put /since x >/dev/null && sudo rm /etc/kept &&
            fleetctl list-unit-files --no-legend --fields=unit | xargs fleetctl destroy >/dev/null
            """,
        )
        try await cluster.scale("worker=1")
        try await Program.slipway(["snapshot", "restore", cluster.name, "base"]).expecting(1)
        try await aRestoreThatIsKilledIsTold(cluster)
        let restored = try await Program.slipway(["snapshot", "restore", cluster.name, "base", "--yes"]).expecting(0)
        print("production went back to a snapshot in \(restored.took)")
        let kept = "etcdctl get --print-value-only /kept; etcdctl get --print-value-only /since; cat /etc/kept"
        #expect(try await cluster.output("central-1", kept) == "before\nbefore")
        let now = """
            for i in $(seq 100); do \(units) >/tmp/now; grep -qvw active /tmp/now || break; sleep 0.1; done
            cat /tmp/now
            """
        #expect(try await cluster.output("worker-1", now) == before)
        try await cluster.requireHealthy()
        try await Program.slipway(["snapshot", "rm", cluster.name, "base", "--yes"]).expecting(0)
        let list = try await Program.slipway(["snapshot", "list", "--json"]).expecting(0)
        #expect(try list.json([Snapshot].self).isEmpty)
    }

    private struct Snapshot: Decodable {
        struct Node: Decodable { var name: String }
        var bytes: Int
        var frozen: Double
        var nodes: [Node]
    }

    /// Killed after nodes have lost their power, nothing else is done with the cluster.
    private func aRestoreThatIsKilledIsTold(_ cluster: TestCluster) async throws {
        let script = """
            "$0" snapshot restore \(cluster.name) base --yes >/dev/null 2>&1 & restore=$!
            for i in $(seq 500); do [ ! -e \(Program.home)/snapshots/\(cluster.name)/.restoring ] || break; sleep 0.01; done
            kill -KILL $restore; wait
            """
        _ = try await Program.run(["bash", "-c", script, "\(Program.directory)/slipway"])
        let words = "slipway snapshot restore \(cluster.name) base"
        let status = try await Program.slipway(["status", cluster.name]).expecting(1)
        #expect(status.text.contains(words), "\(status)")
        for command in [
            ["up", cluster.file, "--yes"], ["snapshot", "save", cluster.name], ["start", cluster.name, "worker-1"],
            ["snapshot", "rm", cluster.name, "base", "--yes"],
        ] {
            let refused = try await Program.slipway(command).expecting(1)
            #expect(refused.text.contains(words), "\(refused)")
        }
    }

    /// Whatever moment it is killed at, no node stands still for long, and there is no snapshot.
    private func aSaveThatIsKilledLeavesNothing(_ cluster: TestCluster) async throws {
        for delay in ["0.15", "0.25", "0.35"] {
            let script = """
                "$0" snapshot save \(cluster.name) cut >/dev/null 2>&1 & sleep \(delay); kill -KILL $! 2>/dev/null
                wait
                """
            _ = try await Program.run(["bash", "-c", script, "\(Program.directory)/slipway"])
            // The kernel's answer comes from the node's own processes.
            try await cluster.exec("worker-1", "true", deadline: 20).expecting(0)
            let list = try await Program.slipway(["snapshot", "list", cluster.name, "--json"]).expecting(0)
            let names = try list.json([Snapshot].self)
            // It was faster than that.
            if !names.isEmpty {
                try await Program.slipway(["snapshot", "rm", cluster.name, "cut", "--yes"]).expecting(0)
            }
        }
    }
}
