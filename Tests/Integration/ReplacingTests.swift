import Foundation
import Testing

extension RealNodes {
    /// Nodes that no restart mends are made anew by a command.
    @Suite(.serialized)
    struct ReplacingTests {
        @Test(
            "a member whose data are broken, and a worker, are made anew, and etcd keeps what it has",
            .timeLimit(.minutes(8))
        )
        func replace() async throws {
            try await TestCluster.with("anew") { cluster in
                try cluster.writeTopology(members: 3, workers: 1)
                try await cluster.up()
                try await cluster.exec("central-1", "etcdctl put /kept yes").expecting(0)
                let spoil =
                    "sudo sh -c 'systemctl stop etcd2 && rm -rf /var/lib/etcd2/* && systemctl start --no-block etcd2'"
                try await cluster.exec("central-2", spoil).expecting(0)

                let failed = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(1)
                #expect(failed.text.contains("has already been bootstrapped"), "\(failed)")
                #expect(failed.text.contains("slipway up FILE --replace central-2"), "\(failed)")

                let replacing = ["up", cluster.file, "--replace", "central-2"]
                let asked = try await Program.slipway(replacing).expecting(1)
                #expect(asked.text.contains("pass --yes"), "\(asked)")
                try await Program.slipway(replacing + ["--yes"]).expecting(0)
                try await cluster.requireHealthy()
                let read = "etcdctl --endpoints http://localhost:2379 get --print-value-only /kept"
                #expect(try await cluster.output("central-2", read) == "yes")

                try await cluster.exec("worker-1", "sudo touch /var/lib/left").expecting(0)
                try await Program.slipway(["replace", cluster.file, "worker-1", "--yes"]).expecting(0)
                try await cluster.requireHealthy()
                try await cluster.exec("worker-1", "test ! -e /var/lib/left").expecting(0)
            }
        }
    }
}
