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
                #expect(asked.text.contains("TERM") && asked.text.contains("lost, and made anew"), "\(asked)")
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

                try await definitionsLost(cluster, keys)
                try await allLost(cluster, keys)
            }
        }

        /// A host that was installed anew, or has lost `/etc/libvirt`: what nodes have written is there.
        private func definitionsLost(_ cluster: TestCluster, _ keys: String) async throws {
            let forget = """
                virsh() { command virsh -q -c lxc:///system "$@"; }
                for domain in $(virsh list --all --name | grep '^\(cluster.name)\\.'); do
                    virsh destroy $domain; virsh undefine $domain
                done
                virsh net-destroy slipway.\(cluster.name); virsh net-undefine slipway.\(cluster.name)
                """
            let mark = "sudo sh -c 'echo kept >/var/lib/mark'"
            for node in ["central-2", "worker-1"] { try await cluster.exec(node, mark).expecting(0) }
            try await Program.shell(forget).expecting(0)
            let plan = try await Program.slipway(["plan", cluster.file]).expecting(2)
            #expect(plan.text.contains("its domain is gone, and its storage is there"), "\(plan)")
            let up = try await cluster.up()
            print("a cluster that libvirt knew nothing of was up again in \(up.took)")
            try await cluster.requireHealthy()
            for node in ["central-2", "worker-1"] {
                #expect(try await cluster.output(node, "cat /var/lib/mark; \(keys)") == "kept\nthree\ntwo\n3")
            }
        }

        /// A schedule's backup is found, and workers run on while members are made anew from it.
        private func allLost(_ cluster: TestCluster, _ keys: String) async throws {
            let place = "\(Program.home)/backups/\(cluster.name)"
            let started = "systemctl show -p ExecMainStartTimestampMonotonic --value web.service"
            let before = try await cluster.output("worker-1", started)
            try await Program.slipway(["backup", "create", cluster.file, "--directory", place]).expecting(0)
            let members = ["central-1", "central-2", "central-3"]
            for node in members { try await loseDisk(of: node, cluster) }
            let refused = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(1)
            #expect(refused.text.contains("slipway recover \(cluster.name)"), "\(refused)")
            let recover = try await Program.slipway(["recover", cluster.file]).expecting(1)
            let command = try #require(recover.text.firstMatch(of: /to begin with that: slipway (restore \S+)/)?.1)
            #expect(recover.text.contains("was made 0 min ago") && command.contains(place), "\(recover)")
            let words = command.split(separator: " ").map { String($0) }
            let restored = try await Program.slipway(words + ["--yes"], deadline: 120).expecting(0)
            print("all members were made anew from a backup in \(restored.took)")
            try await cluster.requireHealthy()
            for node in members + ["worker-1"] {
                #expect(try await cluster.output(node, keys) == "three\ntwo\n3", "on \(node)")
            }
            #expect(try await cluster.output("worker-1", started) == before, "the unit was restarted")
            try await Program.shell("rm -r \(place)").expecting(0)
        }

        @Test(
            "a broken log of one of five is named and mended, and three that are lost are made anew",
            .timeLimit(.minutes(4))
        )
        func ofFive() async throws {
            try await TestCluster.with("five") { cluster in
                try cluster.writeTopology(members: 5, workers: 0)
                try await cluster.up()
                let fill = "etcdctl put /three three >/dev/null && etcdctl set /two two >/dev/null"
                try await cluster.exec("central-1", fill).expecting(0)
                try await brokenLog(of: "central-4", cluster)

                for node in ["central-2", "central-3", "central-4"] { try await loseDisk(of: node, cluster) }
                let words = ["recover", cluster.file, "--backup", "\(cluster.directory)/five.backup", "--yes"]
                let recovered = try await Program.slipway(words, deadline: 120).expecting(0)
                print("etcd was recovered of two of five in \(recovered.took)")
                #expect(recovered.text.contains("TERM") && !recovered.text.contains("announc"), "\(recovered)")
                try await cluster.requireHealthy()
                let keys = "etcdctl get --print-value-only /three; etcdctl get /two; etcdctl member list | wc -l"
                for node in ["central-1", "central-3", "central-5"] {
                    #expect(try await cluster.output(node, keys) == "three\ntwo\n5", "on \(node)")
                }
            }
        }

        /// Bytes of its log are overwritten, as by a disk that fails.
        private func brokenLog(of node: String, _ cluster: TestCluster) async throws {
            let spoil = """
                sudo sh -c 'systemctl stop etcd2
                wal=$(ls /var/lib/etcd2/member/wal/*.wal | tail -n 1)
                dd if=/dev/urandom of=$wal bs=64 seek=4 count=8 conv=notrunc status=none
                systemctl start --no-block etcd2'
                """
            try await cluster.exec(node, spoil).expecting(0)
            let told = try await Program.slipway(["up", cluster.file, "--yes"], deadline: 90).expecting(1)
            #expect(told.text.contains("slipway replace \(cluster.name) \(node)"), "\(told)")
            try await Program.slipway(["replace", cluster.file, node, "--yes"]).expecting(0)
            try await cluster.requireHealthy()
        }

        private func loseDisk(of node: String, _ cluster: TestCluster) async throws {
            if try await cluster.status().node(node)?.state != "off" { try await cluster.cutPower(node) }
            try await Program.shell("rm -r \(Program.home)/clusters/\(cluster.name)/\(node)").expecting(0)
        }
    }
}
