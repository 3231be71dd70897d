import Foundation
import Testing

extension RealNodes {
    /// The production topology from nothing to nothing.
    @Suite(.serialized)
    struct LifecycleTests {
        @Test("a production cluster comes up, is what was planned, works, and leaves no trace", .timeLimit(.minutes(8)))
        func production() async throws {
            try await TestCluster.with("prod") { cluster in
                try cluster.copyTopology("production")
                try await Program.slipway(["validate", cluster.file]).expecting(0)
                try await cluster.plan(expecting: 2)
                let begin = ContinuousClock.now
                try await upWithTimeline(cluster)
                print("production came up in \(ContinuousClock.now - begin)")

                try await isDone(cluster)
                try await isPlannedOffline(cluster)
                try await isListed(cluster)
                try await nodesHaveWhatWasRendered(cluster)
                try await etcdAnswersEverywhere(cluster)
                try await conveniences(cluster)
                try await looksGood(cluster)
                try await smokeReports(cluster)
                try await etcdIsMaintained(cluster)
                try await cluster.requireHealthy()
                try await goesBackToASnapshot(cluster)
                try await supportIsWritten(cluster)
                try await smokeFindsWhatIsBroken(cluster)
                let down = try await cluster.down()
                print("production went down in \(down.took)")
                try await Program.slipway(["down", cluster.name, "--yes"]).expecting(0)
                try await Program.slipway(["status", cluster.name]).expecting(1)
                let none = try await Program.slipway(["support", cluster.name, "-o", "/none"]).expecting(1)
                #expect(none.text.contains("there is no cluster 'prod'"), "\(none)")
            }
        }

        /// A bug report has something of everything, and no secret.
        private func supportIsWritten(_ cluster: TestCluster) async throws {
            try await cluster.exec("worker-1", "logger 'connecting, DB_PASSWORD=hunter2 --token hunter2'").expecting(0)
            let file = "\(cluster.directory)/report.tar"
            try await Program.slipway(["support", cluster.file, "-o", file]).expecting(0)
            let mode = try await Program.run(["stat", "-c", "%a", file]).expecting(0).output
            #expect(mode == "600\n")
            let text = try await Program.run(["tar", "-xOf", file]).expecting(0).output
            #expect(text.contains("connecting, DB_PASSWORD=(removed)"))
            for secret in ["hunter2", "PRIVATE KEY"] { #expect(!text.contains(secret), "\(secret) is in the report") }
            let names = try await Program.run(["tar", "-tf", file]).expecting(0).output.split(separator: "\n")
            for name in [
                "topology.yaml", "host.txt", "doctor.json", "status.txt", "history.txt", "nodes/central-3.txt",
            ] {
                #expect(names.contains("\(cluster.name)/\(name)"), "\(name) is not in \(names)")
            }
        }

        /// Members are compacted and defragmented in turn; that fleet goes on is seen by what follows.
        private func etcdIsMaintained(_ cluster: TestCluster) async throws {
            struct Report: Decodable {
                struct Member: Decodable { var name: String }
                var members: [Member]
                var compacted_to: Int?
                var disarmed: [String]
            }
            let maintain = ["maintain", cluster.name, "--keep", "0", "--json"]
            let report = try await Program.slipway(maintain).expecting(0).json(Report.self)
            #expect(report.members.map(\.name).sorted() == ["central-1", "central-2", "central-3"])
            #expect(report.compacted_to ?? 0 > 1 && report.disarmed == [], "\(report)")
        }

        private func isDone(_ cluster: TestCluster) async throws {
            try await cluster.plan(expecting: 0)
            let again = try await cluster.up()
            #expect(!again.text.contains("✓"), "a second `up` did something: \(again)")
            let report = try await Program.slipway(["status", cluster.name, "--json"]).expecting(0).json(
                ClusterReport.self
            )
            #expect(report.problems.isEmpty, "\(report)")
            #expect(report.nodes.map(\.name) == ["central-1", "central-2", "central-3", "worker-1", "worker-2"])
            #expect(report.nodes.map(\.etcd) == ["healthy", "healthy", "healthy", "proxy", "proxy"])
            #expect(report.active("node-report.service") == ["worker-1", "worker-2"], "\(report)")
            #expect(report.active("web@1.service") != report.active("web@2.service"), "\(report)")
        }

        /// What a plan was made from gives the same plan without libvirt, and holds no key.
        private func isPlannedOffline(_ cluster: TestCluster) async throws {
            let record = cluster.file + ".json"
            try await Program.slipway(["plan", cluster.file, "--record", record]).expecting(0)
            let offline = ["plan", cluster.file, "--offline", "--observed", record, "--connect", "nowhere:///"]
            try await Program.slipway(offline).expecting(0)
            let text = try String(contentsOfFile: record, encoding: .utf8)
            #expect(!text.contains("KEY") && text.contains("worker-2"))
            try await Program.slipway(["plan", cluster.file, "--offline"]).expecting(2)
        }

        private func isListed(_ cluster: TestCluster) async throws {
            let list = try await Program.slipway(["list"]).expecting(0)
            #expect(list.output.contains(cluster.name), "\(list)")
        }

        private func nodesHaveWhatWasRendered(_ cluster: TestCluster) async throws {
            let userData = "/media/configdrive/openstack/latest/user_data"
            for node in ["central-1", "worker-2"] {
                let render = ["render", cluster.file, node, "--secrets"]
                let rendered = try await Program.slipway(render).expecting(0).output
                let given = try await cluster.exec(node, "sudo cat \(userData)").expecting(0).output
                #expect(rendered == given, "\(node) was given something else than `render` prints")
                let validated = try await cluster.exec(node, "sudo coreos-cloudinit -validate -from-file=\(userData)")
                // The last CoreOS had no etcd2 and no fleet any more, and said so; nothing else is found.
                let findings = validated.error.split(separator: "\n").filter { $0.contains(" line ") }
                #expect(findings.allSatisfy { $0.contains("no longer shipped") }, "\(validated)")
                let motd = try await cluster.output(node, "cat /etc/motd")
                #expect(motd.contains("production cluster"), "\(motd)")
                #expect(try await cluster.output(node, "hostname") == node)
                let names = try await cluster.output(
                    node,
                    "getent hosts central-2 worker-1 | wc -l; ! getent hosts worker-9"
                )
                #expect(names == "2", "\(node) does not know the other nodes by name")
            }
        }

        private func etcdAnswersEverywhere(_ cluster: TestCluster) async throws {
            let health = try await cluster.exec("central-1", "etcdctl endpoint health --cluster 2>&1").expecting(0)
                .output
            #expect(health.split(separator: "\n").count { $0.contains("is healthy") } == 3, "\(health)")
            for node in ["central-1", "central-2", "central-3", "worker-1", "worker-2"] {
                let members = try await cluster.output(node, "etcdctl member list")
                #expect(members.split(separator: "\n").count == 3, "on \(node), without any option: \(members)")
            }
            for worker in ["worker-1", "worker-2"] {
                for port in [2379, 4001] {
                    let said = try await cluster.output(
                        worker,
                        Self.etcdClients(port: port, value: "\(worker)-\(port)")
                    )
                    let expected = "v3 \(worker)-\(port)\nv2 \(worker)-\(port)\nwatch \(worker)-\(port)"
                    #expect(said == expected, "localhost:\(port) on \(worker)")
                }
            }
        }

        /// Writes and reads by both APIs through one port, and a watch that sees the write.
        private static func etcdClients(port: Int, value: String) -> String {
            """
            set -e
            export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=https://localhost:\(port)
            ask() { curl -sf -m 5 --cacert $ETCDCTL_CACERT --cert $ETCDCTL_CERT --key $ETCDCTL_KEY "$@"; }
            timeout 10 etcdctl watch /test/watched > /tmp/watch.\(port) & watch=$!
            for i in $(seq 20); do
                etcdctl put /test/v3 \(value) >/dev/null
                etcdctl put /test/watched \(value) >/dev/null
                ! grep -q \(value) /tmp/watch.\(port) || break
                sleep 0.1
            done
            kill $watch; wait $watch || true
            echo v3 $(etcdctl get --print-value-only /test/v3)
            ask -X PUT -d value=\(value) https://localhost:\(port)/v2/keys/test >/dev/null
            echo v2 $(ask https://localhost:\(port)/v2/keys/test | sed 's/.*"value":"\\([^"]*\\)".*/\\1/')
            echo watch $(grep -m 1 \(value) /tmp/watch.\(port))
            """
        }

        private func conveniences(_ cluster: TestCluster) async throws {
            let environment = try await Program.slipway(["env", cluster.file]).expecting(0).output
            #expect(environment.contains("ETCDCTL_ENDPOINTS="), "\(environment)")
            let outside = try await Program.shell("\(environment)\nETCDCTL_API=3 etcdctl endpoint health")
            #expect(outside.exitCode == 0, "\(outside)")
            try await Program.slipway(["ssh-config", cluster.name, "-h"]).expecting(0)
            let logs = try await Program.slipway(["logs", cluster.name, "central-1"]).expecting(0)
            #expect(!logs.output.isEmpty)
            for part in ["domain", "network"] {
                let xml = try await Program.slipway(["render", cluster.file, "worker-1", "--part", part]).expecting(0)
                    .output
                #expect(xml.contains("<\(part)"), "\(xml)")
            }
            #expect(try await cluster.exec("worker-1", "exit 7").exitCode == 7)
        }

        private func smokeReports(_ cluster: TestCluster) async throws {
            let junit = "\(cluster.directory)/smoke.xml"
            let ran = try await Program.slipway(["smoke", cluster.name, "--json", "--junit", junit])
            let report = try ran.expecting(0).json(SmokeReport.self)
            #expect(report.passed && report.checks.count >= 8, "\(ran)")
            // What the file does not ask for cannot be tried.
            let unasked = ["no node has a subnet of flannel's", "the topology does not ask for names"]
            let untried = report.checks.filter { $0.outcome != "passed" }
            #expect(untried.compactMap(\.message) == unasked, "\(ran)")
            let xml = try String(contentsOfFile: junit, encoding: .utf8)
            #expect(xml.contains("failures=\"0\"") && xml.contains("tests=\"\(report.checks.count)\""), "\(xml)")
        }

        private func smokeFindsWhatIsBroken(_ cluster: TestCluster) async throws {
            try await cluster.exec("central-2", "sudo systemctl stop etcd2.service").expecting(0)
            let junit = "\(cluster.directory)/broken.xml"
            let ran = try await Program.slipway(["smoke", cluster.name, "--json", "--junit", junit]).expecting(1)
            let report = try ran.json(SmokeReport.self)
            let failed = report.checks.filter { $0.outcome == "failed" }
            #expect(!report.passed && !failed.isEmpty, "\(ran)")
            let said = failed.flatMap { [$0.message ?? ""] + ($0.evidence ?? []) }.joined(separator: "\n")
            #expect(said.contains("central-2"), "the evidence does not name the broken node: \(ran)")
            #expect(try String(contentsOfFile: junit, encoding: .utf8).contains("<failure"))
            print("smoke on a broken cluster took \(ran.took) and said: \(said)")
        }

        @Test("workers go 2, 6, 1: units move, removed nodes are forgotten, comments stay", .timeLimit(.minutes(8)))
        func scaling() async throws {
            try await TestCluster.with("scale") { cluster in
                try cluster.copyTopology("production")
                try await cluster.up()
                let original = try cluster.topologyText()
                try await cluster.scale("worker=6")
                #expect(try cluster.topologyText() == original, "without --write the file stays as it is")
                let six = try await cluster.status()
                #expect(six.problems.isEmpty, "\(six)")
                let workers = (1...6).map { "worker-\($0)" }
                #expect(six.active("node-report.service") == workers, "the global unit runs on new workers: \(six)")

                try await occupyWorkers(cluster, workers)
                let down = try await cluster.scale("worker=1", write: true)
                print("6 to 1 workers took \(down.took)")
                // `scale` waits for the units of the topology; these six are not in it.
                let one = try await cluster.settle()
                #expect(one.nodes.map(\.name) == ["central-1", "central-2", "central-3", "worker-1"])
                let machines = try await cluster.output("worker-1", "fleetctl list-machines --no-legend")
                #expect(machines.split(separator: "\n").count == 4, "removed machines are still listed: \(machines)")
                #expect(one.active("busybox.service") == ["worker-1"], "\(one)")
                try await movedUnitsRun(cluster)
                let expected = original.replacing("worker:\n    count: 2", with: "worker:\n    count: 1")
                #expect(try cluster.topologyText() == expected, "--write changes the number and nothing else")
                try await historyTells(cluster)
                try await cluster.requireHealthy()
                try await cluster.smoke()
            }
        }

        private func historyTells(_ cluster: TestCluster) async throws {
            struct Entry: Decodable {
                var command: String
                var outcome: String
            }
            let told = try await Program.slipway(["history", cluster.name, "--json"]).expecting(0).json([Entry].self)
            #expect(told.map { $0.command.split(separator: " ")[1] } == ["up", "scale", "scale"], "\(told)")
            #expect(told.allSatisfy { $0.outcome == "done" }, "\(told)")
            let table = try await Program.slipway(["history", cluster.name, "--last", "1"]).expecting(0).output
            #expect(table.split(separator: "\n").count == 2 && table.contains("worker=1"), "\(table)")

            try await Program.slipway(["restart", cluster.name, "worker-1", "--force"]).expecting(0)
            try await cluster.settle()
            // One that is killed has begun.
            let killed = "\(Program.directory)/slipway scale \(cluster.file) worker=3 --yes"
            let script = """
                \(killed) >killed.log 2>&1 & pid=$!
                until \(Program.directory)/slipway history \(cluster.name) --json | grep -q begun; do
                    kill -0 $pid || { cat killed.log; exit 1; }
                done
                kill -9 $pid
                """
            try await Program.shell("cd \(cluster.directory); \(script)", deadline: 60).expecting(0)
            let later = try await Program.slipway(["history", cluster.name, "--json", "--last", "2"]).expecting(0)
                .json([Entry].self)
            #expect(later.map(\.outcome) == ["done", "begun"], "\(later)")
            #expect(later.map { $0.command.split(separator: " ")[1] } == ["restart", "scale"], "\(later)")
            try await cluster.up()
        }

        /// Six units that cannot share a machine with each other, bound to workers; and one that can run on each.
        private func occupyWorkers(_ cluster: TestCluster, _ workers: [String]) async throws {
            try await cluster.put(Units.sleeper("MachineMetadata=role=worker"), "mover@.service", on: "worker-1")
            let names = workers.indices.map { "mover@\($0).service" }.joined(separator: " ")
            try await cluster.exec("worker-1", "fleetctl start \(names)").expecting(0)
            let units = try await cluster.output("worker-1", "fleetctl list-units --no-legend | grep mover")
            #expect(units.split(separator: "\n").count { $0.contains("active") } == 6, "\(units)")
        }

        private func movedUnitsRun(_ cluster: TestCluster) async throws {
            let script = """
                for i in $(seq 50); do
                    n=$(fleetctl list-units --no-legend | grep mover | grep -c "active.*running" || true)
                    [ "$n" -lt 6 ] || break
                    sleep 0.1
                done
                fleetctl list-units --no-legend | grep mover
                """
            let units = try await cluster.output("worker-1", script)
            let lines = units.split(separator: "\n")
            #expect(lines.count == 6 && lines.allSatisfy { $0.contains("running") }, "\(units)")
            try await cluster.exec(
                "worker-1",
                "fleetctl destroy \((0..<6).map { "mover@\($0)" }.joined(separator: " "))"
            )
            .expecting(0)
        }

        @Test("what is half made or was deleted by hand goes without a trace", .timeLimit(.minutes(6)))
        func halfMade() async throws {
            try await TestCluster.with("half") { cluster in
                try cluster.copyTopology("production")
                for moment in [0.15, 0.4, 1.5] {
                    let killed = try await Program.killed(["up", cluster.file, "--yes"], after: .seconds(moment))
                    #expect(killed != nil, "`up` ended within \(moment) s")
                    try await cluster.down()
                }
                try await cluster.up()
                for node in ["central-1", "worker-2"] {
                    _ = try await Program.virsh("destroy", "\(cluster.name).\(node)")
                    _ = try await Program.virsh("undefine", "\(cluster.name).\(node)")
                }
                try await cluster.down()
            }
        }

        @Test("a node survives a restart of the host, with its data and its units", .timeLimit(.minutes(6)))
        func hostRestart() async throws {
            try await TestCluster.with("restart") { cluster in
                try cluster.copyTopology("production")
                try await cluster.up()
                try await cluster.exec("worker-1", "etcdctl put /kept yes && echo kept | sudo tee /var/lib/kept")
                    .expecting(0)
                let nodes = try await cluster.status().nodes.map(\.name)
                for node in nodes { try await cluster.cutPower(node) }
                let off = try await Program.slipway(["status", cluster.name, "--json"]).json(ClusterReport.self)
                #expect(off.nodes.map(\.name) == nodes && off.nodes.allSatisfy { $0.state == "off" }, "\(off)")
                let up = try await cluster.up()
                print("all nodes came back in \(up.took)")
                #expect(try await cluster.output("worker-2", "etcdctl get --print-value-only /kept") == "yes")
                #expect(try await cluster.output("worker-1", "cat /var/lib/kept") == "kept")
                try await cluster.requireHealthy()
                try await cluster.smoke()
            }
        }
    }
}
