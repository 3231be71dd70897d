import Foundation
import Testing

extension RealNodes {
    /// An etcd whose majority is gone is made whole from what is left.
    @Suite(.serialized)
    struct RecoverTests {
        @Test(
            "etcd that lost two of three disks is whole again, with its keys, and no unit was restarted",
            .timeLimit(.minutes(4))
        )
        func majorityLost() async throws {
            try await TestCluster.with("recover") { cluster in
                let unit = Units.sleeper("[X-Fleet]\nMachineMetadata=role=worker\n")
                try cluster.writeTopology(members: 3, workers: 1, units: ["web.service": unit])
                try await cluster.up()
                let fill = "etcdctl put /three three >/dev/null && etcdctl set /two two >/dev/null"
                try await cluster.exec("central-1", fill).expecting(0)
                let started = "systemctl show -p ExecMainStartTimestampMonotonic --value web.service"
                let before = try await cluster.output("worker-1", started)
                let recover = ["recover", cluster.file, "--backup", "\(cluster.directory)/left.backup"]
                #expect(try await Program.slipway(recover).expecting(1).text.contains("has its majority"))

                // Two that do not run have their data all the same.
                for node in ["central-2", "central-3"] {
                    try await cluster.exec(node, "sudo systemctl kill -s KILL etcd2; sudo systemctl stop etcd2")
                        .expecting(0)
                }
                let able = try await Program.slipway(recover).expecting(1)
                #expect(able.text.contains("3 of 3 members of etcd in cluster 'recover' have their data"), "\(able)")
                // What it advises.
                try await cluster.up()
                try await cluster.requireHealthy()

                try await cluster.cutPower("central-2")
                try await loseDisk(of: "central-3", cluster)
                let off = try await Program.slipway(recover + ["--yes"]).expecting(1)
                #expect(off.text.contains("central-2 is off, and may have data that no other member has"), "\(off)")
                try await loseDisk(of: "central-2", cluster)
                let refused = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(1)
                #expect(refused.text.contains("slipway recover recover"), "\(refused)")

                // Nobody is there to answer.
                let asked = try await Program.slipway(recover).expecting(1)
                #expect(asked.text.contains("pass --yes to confirm"), "\(asked)")
                let again = ["recover", cluster.file, "--backup", "\(cluster.directory)/again.backup", "--yes"]
                let recovered = try await Program.slipway(again, deadline: 120).expecting(0)
                print("etcd was recovered in \(recovered.took)")
                try await cluster.requireHealthy()
                let keys = "etcdctl get --print-value-only /three; etcdctl get /two; etcdctl member list | wc -l"
                for node in ["central-1", "central-3", "worker-1"] {
                    #expect(try await cluster.output(node, keys) == "three\ntwo\n3", "on \(node)")
                }
                #expect(try await cluster.output("worker-1", started) == before)
                try await cluster.plan(expecting: 0)
                try await Program.slipway(["backup", "check", "\(cluster.directory)/again.backup"]).expecting(0)
            }
        }

        private func loseDisk(of node: String, _ cluster: TestCluster) async throws {
            if try await cluster.status().node(node)?.state != "off" { try await cluster.cutPower(node) }
            try await Program.shell("rm -r \(Program.home)/clusters/\(cluster.name)/\(node)").expecting(0)
        }
    }
}
