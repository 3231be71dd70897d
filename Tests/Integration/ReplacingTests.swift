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

                // It is said, and left as it is.
                let told = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(0)
                #expect(told.text.contains("'central-2' is lost for good: etcd's data on it are gone"), "\(told)")
                #expect(told.text.contains("slipway replace anew central-2"), "\(told)")

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
                try await repairs(cluster)
            }
        }

        /// With `repair: automatic`, `up` replaces what is lost by itself, one node at a time, and etcd is never away.
        private func repairs(_ cluster: TestCluster) async throws {
            try cluster.edit { $0 = "repair: automatic\n" + $0 }
            for node in ["central-3", "worker-1"] {
                try await cluster.cutPower(node)
                try await Program.shell("rm -r \(Program.home)/clusters/\(cluster.name)/\(node)").expecting(0)
            }
            let beat = """
                export ETCDCTL_API=3
                while ! test -e /tmp/over; do
                    etcdctl --command-timeout=5s put /beat yes >/dev/null || echo missed; sleep 0.2
                done
                """
            async let missed = cluster.output("central-1", beat, deadline: 240)
            let first = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(0)
            #expect(first.text.contains("boot central-3") && !first.text.contains("boot worker-1"), "\(first)")
            #expect(first.text.contains("'worker-1' is lost for good: its storage is gone"), "\(first)")
            #expect(first.text.contains("the next slipway up goes on with it"), "\(first)")
            let second = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(0)
            #expect(second.text.contains("boot worker-1") && !second.text.contains("lost"), "\(second)")
            try await cluster.exec("central-1", "touch /tmp/over").expecting(0)
            #expect(try await missed == "", "etcd was away")
            try await cluster.plan(expecting: 0)
            try await cluster.requireHealthy()
            #expect(try await cluster.output("central-3", "etcdctl get --print-value-only /kept") == "yes")
        }
    }
}
