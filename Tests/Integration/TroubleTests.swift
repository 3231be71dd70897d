import Foundation
import Testing

extension RealNodes {
    /// Files that cannot be, and nodes that do not come up.
    @Suite(.serialized)
    struct TroubleTests {
        @Test("bad files are refused with their line, and nothing is touched", .timeLimit(.minutes(1)))
        func badFiles() async throws {
            try await TestCluster.with("bad") { cluster in
                let cases: [(change: (String) -> String, said: [String])] = [
                    ({ $0.replacing("metadata", with: "metdata") }, ["metdata", "metadata", ":11:"]),
                    ({ $0.replacing("count: 1 # grows", with: "count: 0") }, ["count"]),
                    ({ $0.replacing("count: 1 # grows", with: "count: many") }, ["count", "many"]),
                    ({ $0.replacing(cluster.cidr, with: "10.73.0.0/31") }, ["10.73.0.0/31"]),
                    ({ $0 + "units:\n  - file: missing.service\n" }, ["missing.service"]),
                    ({ $0.replacing("name: bad", with: "name: Bad_Name") }, ["Bad_Name"]),
                    ({ _ in "name: [\n" }, [":"]),
                ]
                try cluster.writeTopology(members: 1, workers: 1)
                let good = try cluster.topologyText()
                for (change, said) in cases {
                    try cluster.edit { $0 = change(good) }
                    for command in [
                        ["validate", cluster.file], ["plan", cluster.file], ["up", cluster.file, "--yes"],
                    ] {
                        let ran = try await Program.slipway(command).expecting(1)
                        for word in said + ["bad.yaml:"] { #expect(ran.text.contains(word), "no '\(word)' in \(ran)") }
                    }
                }
                try await HostTraces.requireNothingSince(cluster.before, after: "bad files")
                try cluster.edit { $0 = good }
                let plan = "\(Program.directory)/slipway plan --offline \(cluster.file)"
                let full = try await Program.shell("\(plan) >/dev/full").expecting(1)
                #expect(full.text.contains("No space left on device"), "\(full)")
            }
        }

        @Test("nodes that run are on a network that was taken away and is made again", .timeLimit(.minutes(6)))
        func networkMadeAgain() async throws {
            try await TestCluster.with("plugged") { cluster in
                try cluster.writeTopology(members: 1, workers: 1)
                try await cluster.up()
                try await Program.virsh("net-destroy", "slipway.\(cluster.name)").expecting(0)
                let ran = try await cluster.up(deadline: 60)
                #expect(!ran.text.contains("boot"), "\(ran)")
                try await cluster.requireHealthy()
                try await cluster.plan(expecting: 0)

                // As a run leaves it that dies before the nodes are on the new network.
                for verb in ["net-destroy", "net-start"] {
                    try await Program.virsh(verb, "slipway.\(cluster.name)").expecting(0)
                }
                try await cluster.up(deadline: 60)
                try await cluster.requireHealthy()

                try await changesOfOthers(cluster)

                // Nothing would start a node again whose definition is gone.
                try await Program.virsh("undefine", "\(cluster.name).worker-1").expecting(0)
                try await cluster.plan(expecting: 2)
                try await cluster.up()
                let defined = "virsh -q -c lxc:///system dominfo \(cluster.name).worker-1 | grep -E '^Persistent: +yes'"
                try await Program.shell(defined).expecting(0)

                // What a worker had written is gone; what it needs besides is not missed.
                try cluster.edit { $0 = "repair: automatic\n" + $0 }
                try await Program.slipway(["stop", cluster.name, "worker-1", "--timeout", "0"]).expecting(0)
                let directory = "\(Program.home)/clusters/\(cluster.name)/worker-1"
                try await Program.shell("rm -r \(directory)/upper").expecting(0)
                try await cluster.up()
                try await cluster.requireHealthy()

                for node in ["central-1", "worker-1"] {
                    try await Program.slipway(["stop", cluster.name, node, "--timeout", "0"]).expecting(0)
                }
                let off = try await Program.slipway(["env", cluster.name]).expecting(1)
                #expect(off.output.isEmpty && off.error.contains("no node of cluster"), "\(off)")
                try await cluster.up()
                for (script, code) in [("kill -9 $$", 137), ("exit 7", 7), ("echo 'a b' | grep -q 'a b'", 0)] {
                    try await Program.slipway(["exec", cluster.name, "worker-1", "--", script]).expecting(code)
                }
            }
        }

        /// What someone changes with virsh is named, and put back while the node runs on.
        private func changesOfOthers(_ cluster: TestCluster) async throws {
            let (domain, network) = ("\(cluster.name).worker-1", "slipway.\(cluster.name)")
            let boot = "cat /proc/1/stat | cut -d' ' -f22"
            let before = try await cluster.output("worker-1", boot)
            try await Program.virsh("setmem", domain, "512M", "--live").expecting(0)
            try await Program.virsh("setmem", domain, "768M", "--config").expecting(0)
            try await Program.virsh("net-autostart", network, "--disable").expecting(0)
            let edit = """
                virsh -q -c lxc:///system net-dumpxml --inactive \(network) >net.xml
                sed -i -E "s/(ip address='[0-9.]+)\\.1'/\\1.7'/" net.xml
                virsh -q -c lxc:///system net-define net.xml
                """
            try await Program.shell("cd \(cluster.directory) && \(edit)").expecting(0)
            let plan = try await Program.slipway(["plan", cluster.file]).expecting(2)
            for words in [
                "runs with memory 512MiB → 1024MiB", "its definition: memory 768MiB → 1024MiB",
                "it does not start with the host", ".7/24, nat",
            ] {
                #expect(plan.text.contains(words), "no '\(words)' in \(plan)")
            }
            try await cluster.up(deadline: 60)
            try await cluster.plan(expecting: 0)
            #expect(try await cluster.output("worker-1", boot) == before, "it was restarted")
            let seen = """
                virsh -q -c lxc:///system dumpxml \(domain) | grep -c "<currentMemory unit='KiB'>1048576<"
                virsh -q -c lxc:///system dumpxml --inactive \(domain) | grep -c "<currentMemory unit='KiB'>1048576<"
                virsh -q -c lxc:///system net-info \(network) | grep -cE "^Autostart: +yes"
                virsh -q -c lxc:///system net-dumpxml --inactive \(network) | grep -c "<hostname>worker-1<"
                """
            #expect(try await Program.shell(seen).expecting(0).output == "1\n1\n1\n1\n")
            try await cluster.requireHealthy()

            // What the file can say is written there; the node runs on with it.
            for scope in ["--live", "--config"] {
                try await Program.virsh("setmem", domain, "768M", scope).expecting(0)
            }
            let asked = try await Program.slipway(["adopt", cluster.file]).expecting(1)
            #expect(asked.text.contains("+     memory: 768MiB") && asked.text.contains("pass --yes"), "\(asked)")
            try await Program.slipway(["adopt", cluster.file, "--yes"]).expecting(0)
            #expect(try cluster.topologyText().contains("memory: 768MiB"))
            try await cluster.plan(expecting: 0)
            #expect(try await cluster.output("worker-1", boot) == before, "it was restarted")
        }

        @Test("`down` waits for units that stop slowly, and cuts the power when told to", .timeLimit(.minutes(6)))
        func patientDown() async throws {
            try await TestCluster.with("patient") { cluster in
                func unit(_ seconds: Int) -> String {
                    Units.sleeper().replacing("[Service]\n", with: "[Service]\nExecStop=/bin/sleep \(seconds)\n")
                }
                try cluster.writeTopology(members: 1, workers: 1, units: ["slow.service": unit(4)])
                try await cluster.up()
                let patient = try await cluster.down()
                #expect(patient.took > .seconds(4) && !patient.text.contains("power cut"), "\(patient)")

                try cluster.write(unit(80), to: "slow.service")
                try await cluster.up()
                let command = "\(Program.directory)/slipway down \(cluster.name) --yes 2>&1"
                let insisted = try await Program.shell(
                    "\(command) & sleep 3; kill -INT $!; sleep 0.5; kill -INT $!; wait $!"
                ).expecting(0)
                #expect(insisted.took < .seconds(15), "\(insisted)")
                #expect(insisted.text.contains("once more cuts the nodes' power and goes on"), "\(insisted)")
                try await HostTraces.requireNothingSince(cluster.before, after: "\(insisted)")

                try await cluster.up()
                let isHere = try await cluster.exec("central-1", "systemctl is-active slow.service").exitCode == 0
                let stop = "\(Program.directory)/slipway stop \(cluster.name) \(isHere ? "central-1" : "worker-1") 2>&1"
                let interrupted = try await Program.shell(
                    "\(stop) & sleep 2; kill -INT $!; wait $!; echo ended with $?"
                )
                #expect(interrupted.text.contains("ended with 130"), "\(interrupted)")
                let lease = "virsh -q -c lxc:///system net-list --all --name | grep -x slipway-lease.\(cluster.name)"
                try await Program.shell(lease).expecting(1)

                let stopped = try await Program.shell(
                    "\(command) & sleep 3; kill -INT $!; wait $!; echo ended with $?"
                )
                #expect(stopped.text.contains("ended with 130"), "\(stopped)")
                let hasty = try await Program.slipway(["down", cluster.name, "--yes", "--timeout", "1"]).expecting(0)
                #expect(hasty.text.contains("power cut after 1 s"), "\(hasty)")
            }
        }

        @Test(
            "a unit that exits is named with what it said, and `up` goes on once it is mended",
            .timeLimit(.minutes(6))
        )
        func failingUnit() async throws {
            try await TestCluster.with("exits") { cluster in
                let broken = """
                    [Service]
                    ExecStartPre=/bin/sh -c 'echo the disk is made of cheese; exit 3'
                    ExecStart=/bin/sleep infinity

                    """
                try cluster.writeTopology(members: 1, workers: 1, units: ["fails.service": broken])
                let failed = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(1)
                print("a unit that exits was reported after \(failed.took)")
                for word in ["fails.service", "made of cheese", "central-1"] {
                    #expect(
                        failed.text.contains(word) || word == "central-1" && failed.text.contains("worker-1"),
                        "\(failed)"
                    )
                }
                try cluster.write(Units.sleeper(), to: "fails.service")
                try await cluster.up()
                try await cluster.requireHealthy()
            }
        }

        @Test("an etcd that cannot start is named with node, rung and evidence", .timeLimit(.minutes(8)))
        func failingEtcd() async throws {
            try await TestCluster.with("noport") { cluster in
                // A file that a cloud-config once wrote stays, so mending it is writing it anew.
                let drop = """
                        cloud_config:
                          write_files:
                            - path: /etc/systemd/system/etcd2.service.d/90-test.conf
                              permissions: "0644"
                              content: |
                                [Service]
                                ExecStartPre=/bin/sh -c 'echo somebody sits on port 2379; exit STATUS'

                    """
                try cluster.writeTopology(members: 1, workers: 1)
                let good = try cluster.topologyText()
                func end(_ status: String) throws {
                    let role = drop.replacing("STATUS", with: status) + "  worker:\n"
                    try cluster.edit { $0 = good.replacing("  worker:\n", with: role) }
                }
                try end("1")
                let failed = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(1)
                print("an etcd that cannot start was reported after \(failed.took)")
                for word in ["central-1", "etcd", "somebody sits on port 2379"] {
                    #expect(failed.text.contains(word), "no '\(word)' in \(failed)")
                }
                try end("0")
                try await cluster.up()
                try await cluster.requireHealthy()
            }
        }

        @Test("`up` starts what is down on a node: fleet on a worker, etcd on the only member", .timeLimit(.minutes(4)))
        func unitsThatAreDown() async throws {
            try await TestCluster.with("down") { cluster in
                try cluster.writeTopology(members: 1, workers: 1)
                try await cluster.up()
                for (node, unit) in [("worker-1", "fleet.service"), ("central-1", "etcd2.service")] {
                    try await cluster.exec(node, "sudo systemctl stop \(unit)").expecting(0)
                    // A machine is listed until its time is over.
                    let end = ContinuousClock.now + .seconds(30)
                    while try await cluster.status().problems.isEmpty, ContinuousClock.now < end {
                        try await Task.sleep(for: .milliseconds(200))
                    }
                    let mended = try await cluster.up()
                    print("`up` started \(unit) after \(mended.took)")
                    #expect(mended.text.contains("\(unit) on \(node) was inactive, and is started"), "\(mended)")
                    try await cluster.requireHealthy()
                }
            }
        }
    }
}
