import Foundation
import Testing

extension RealNodes {
    /// Faults of etcd, of fleetd and of whole nodes, one after the other on the same five nodes.
    @Suite(.serialized)
    struct FaultTests {
        @Test(
            "no fault stops, restarts or doubles a running unit, and nothing is left of any",
            .timeLimit(.minutes(20))
        )
        func faults() async throws {
            try await TestCluster.with("faults") { cluster in
                try cluster.copyTopology("production")
                // The slow way to etcd, and the rules of the cut, are for what everybody can read.
                try cluster.edit { $0 = $0.replacing("tls: true", with: "tls: false") }
                try await cluster.up()
                let processes = ProcessWatch()
                let watching = Task { await processes.run() }
                defer { watching.cancel() }
                let faults = try await Faults(cluster, processes)
                try await faults.startUnits(from: "central-1")
                try await interruptions(faults)
                try await slowness(faults)
                try await isolation(faults)
                try await lossOfTheLeader(faults)
                try await shortPowerCut(faults)
                try await upgrade(faults)
                let before = try await faults.running(on: ["central-1", "central-2", "central-3"])
                try await cluster.settle()
                try await cluster.requireHealthy()
                try await cluster.smoke()
                let after = try await faults.running()
                // It cuts one worker's power: only what runs elsewhere has to be as it was.
                try RunningUnits.requireKept(before, in: after, after: "a smoke test, which kills a worker")
                try await faults.requireNoGarbage(from: "central-1")
                try await cluster.requirePlainJournals()
            }
        }

        /// fleetd restarted and killed everywhere, etcd's leader killed, a minute without quorum.
        private func interruptions(_ faults: Faults) async throws {
            let cluster = faults.cluster
            let all = faults.nodes
            let central = ["central-1", "central-2", "central-3"]
            let begin = Date.now
            let before = try await faults.running()
            #expect(before.units.count >= 6 + 15, "\(before)")
            func check(_ what: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
                let now = try await faults.running()
                #expect(now == before, "after \(what):\n\(now)\nbefore:\n\(before)", sourceLocation: sourceLocation)
            }
            // Its clients do not notice, however long a start takes here.
            let asked = "fleetctl --request-timeout 20 list-machines --no-legend | grep -q ."
            for node in all {
                try await cluster.exec(node, "sudo systemctl restart fleet.service; \(asked)").expecting(0)
            }
            try await check("fleetd was restarted everywhere")
            for node in all { try await cluster.exec(node, "sudo systemctl kill -s KILL fleet.service").expecting(0) }
            try await cluster.exec("worker-1", "sudo systemctl kill -s KILL fleet.service; \(asked)").expecting(0)
            try await check("fleetd was killed everywhere")
            let leader = try await etcdLeader(cluster)
            try await cluster.exec(leader, "sudo systemctl kill -s KILL etcd2.service").expecting(0)
            try await check("etcd's leader was killed")

            for node in central.dropFirst() {
                try await cluster.exec(node, "sudo systemctl stop etcd2.service").expecting(0)
            }
            try await Task.sleep(for: .seconds(60))
            try await check("a minute without quorum")
            for node in central.dropFirst() {
                try await cluster.exec(node, "sudo systemctl start etcd2.service").expecting(0)
            }
            try await cluster.settle()
            try await check("quorum came back")
            try await cluster.requireHealthy()
            try faults.requireNeverTwice(since: begin, during: "trouble of etcd and fleetd")
        }

        /// Each request to etcd takes 200 ms longer, for more than a machine's TTL.
        private func slowness(_ faults: Faults) async throws {
            let begin = Date.now
            let before = try await faults.running()
            let requests = try await SlowEtcd.during(faults, through: "central-1") {
                let fleet = faults.fleet(on: "central-1")
                try await fleet.put("slow.service", "")
                let started = try await fleet.ctl("start slow.service").expecting(0)
                let unit =
                    "fleetctl list-units --no-legend --fields=unit,active | grep -q '^slow.service[[:space:]]*active' || exit 1"
                let kept = try await faults.cluster.exec("central-1", "for i in $(seq 14); do sleep 0.5; \(unit); done")
                #expect(kept.exitCode == 0, "a unit that was started while etcd was slow did not stay: \(kept)")
                let destroyed = try await fleet.ctl("destroy slow.service").expecting(0)
                print("with an etcd that is 200 ms late, a start took \(started.took), a destruction \(destroyed.took)")
                try await faults.waitForMachines(faults.nodes, from: "central-1")
            }
            print("\(requests) requests were 200 ms late")
            #expect(requests > 20, "fleetd hardly went through the slow way")
            try RunningUnits.requireKept(before, in: try await faults.running(), after: "an etcd that was slow")
            try faults.requireNeverTwice(since: begin, during: "an etcd that was slow")
        }

        /// worker-1 does not reach etcd for 20 s; meanwhile fleetd on worker-2 is killed whenever it has come up.
        private func isolation(_ faults: Faults) async throws {
            let cluster = faults.cluster
            let begin = Date.now
            let before = try await faults.running()
            let cutOff = before.names("fault@", on: "worker-1")
            #expect(!cutOff.isEmpty, "nothing that could move runs on worker-1:\n\(before)")
            let rule = "-p tcp -m multiport --ports 2379,2380 -j DROP"
            let cut = """
                for d in 'INPUT ! -i lo' 'OUTPUT ! -o lo'; do sudo iptables -I $d \(rule) || exit 1; done
                sleep 20
                for d in 'INPUT ! -i lo' 'OUTPUT ! -o lo'; do sudo iptables -D $d \(rule) || exit 1; done
                date +%s.%N
                """
            let kill = """
                came_up() { [ $pid != 0 ] && [ $pid != $1 ] && sudo journalctl -q --no-pager _PID=$pid | grep -q registered; }
                end=$((SECONDS + 17))
                for ((n = 0; SECONDS < end; n++)); do
                    old=$(systemctl show -p MainPID --value fleet.service)
                    sudo systemctl kill -s KILL fleet.service
                    for ((i = 0; i < 200; i++)); do
                        pid=$(systemctl show -p MainPID --value fleet.service)
                        ! came_up $old || break
                        sleep 0.1
                    done
                    came_up $old || exit 1
                done
                echo $n
                """
            async let cutting = cluster.exec("worker-1", cut)
            async let killing = cluster.exec("worker-2", kill)
            let (healed, killed) = try await (cutting.expecting(0), killing.expecting(0))
            let end = try #require(Double(healed.output.trimmingSuffix("\n")))
            let after = try await faults.waitForUnits("worker-1 reached etcd again", on: faults.nodes)
            try await faults.waitForMachines(faults.nodes, from: "central-1")
            print("fleetd of worker-2 was killed \(killed.output.trimmingSuffix("\n")) times")

            // What could move did so, and only that may have run twice, on the node that could not know of it. Of the
            // topology's own units some may have been there, too.
            let fixed = ["fault-everywhere.service", "node-report.service"]
            let moved = cutOff.filter { !after.names($0, on: "worker-1").contains($0) }
            #expect(moved == cutOff, "\(after)")
            let stays = before.filter { node, unit in node != "worker-1" || fixed.contains(unit) }
            try RunningUnits.requireKept(
                stays,
                in: after,
                after: "a node was cut off, another's fleetd killed in a row"
            )
            let overlaps = faults.processes.overlaps(since: begin)
            let late = overlaps.map { $0.end.timeIntervalSince1970 - end }.max() ?? 0
            print("\(overlaps.count) units ran on both sides; \(late) s after the healing the last did not any more")
            #expect(overlaps.allSatisfy { $0.earlier.node == "worker-1" }, "\(overlaps)")
            #expect(late < 5, "1 s is the promise on a quiet machine: \(overlaps)")
        }

        /// The node whose engine leads loses its power, and gets it back when its units run elsewhere.
        private func lossOfTheLeader(_ faults: Faults) async throws {
            let cluster = faults.cluster
            let leader = try await faults.engineLeader(from: "worker-1")
            let observer = faults.nodes.first { $0 != leader && $0.hasPrefix("central") } ?? "central-1"
            let others = faults.nodes.filter { $0 != leader }
            let begin = Date.now
            let before = try await faults.running()
            try await cluster.cutPower(leader)
            try await faults.waitForMachines(others, from: observer)
            let away = try await faults.waitForUnits("\(leader) lost its power", on: others)
            print(
                "the units of \(leader), whose engine led, ran elsewhere \(Date.now.timeIntervalSince(begin)) s after its power was cut"
            )
            try RunningUnits.requireKept(
                before.filter { node, _ in node != leader },
                in: away,
                after: "\(leader) lost its power"
            )
            _ = try await Program.virsh("start", "\(cluster.name).\(leader)")
            let started = ContinuousClock.now
            try await faults.waitForMachines(faults.nodes, from: observer)
            print("\(leader) was back \(started.duration(to: .now)) after it got its power back")
            let after = try await faults.waitForUnits("\(leader) came back", on: faults.nodes)
            try RunningUnits.requireKept(away, in: after, after: "\(leader) came back")
            #expect(after.names("fault@", on: leader).isEmpty, "what moved stays where it is:\n\(after)")
            try faults.requireNeverTwice(since: begin, during: "the loss of \(leader) and its return")
        }

        /// A worker is switched off and on again at once.
        private func shortPowerCut(_ faults: Faults) async throws {
            let begin = Date.now
            let before = try await faults.running()
            let victim =
                ["worker-1", "worker-2"].max { before.names("", on: $0).count < before.names("", on: $1).count }
                ?? "worker-1"
            try await faults.cluster.cutPower(victim)
            _ = try await Program.virsh("start", "\(faults.cluster.name).\(victim)")
            let after = try await faults.waitForUnits("\(victim) was off for a moment", on: faults.nodes)
            let stays = before.filter { node, _ in node != victim }
            try RunningUnits.requireKept(stays, in: after, after: "\(victim) was off for a moment")
            print(
                "\(victim) was off for a moment: \(before.names("", on: victim)) ran on it before, \(after.names("", on: victim)) after"
            )
            try faults.requireNeverTwice(since: begin, during: "a short power cut of \(victim)")
        }

        /// Another file in the place of fleetd's on every node, while units come and go.
        private func upgrade(_ faults: Faults) async throws {
            let cluster = faults.cluster
            let begin = Date.now
            let before = try await faults.running()
            let load = """
                export FLEETCTL_REQUEST_TIMEOUT=20
                cd /tmp; rm -f stop; printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > load@.service
                n=0
                while [ $n -lt 3 ] || [ ! -e stop ]; do
                    n=$((n + 1))
                    fleetctl start load@$n && fleetctl destroy load@$n || exit 1
                done
                fleetctl destroy load@; echo "$n units came and went"
                """
            async let loading = cluster.exec("central-1", load, deadline: 120)
            let replace = """
                program=$(readlink -f /usr/bin/fleetd)
                sudo cp -p $program $program.new && sudo mv $program.new $program && sudo systemctl restart fleet.service
                sudo [ /proc/$(systemctl show -p MainPID --value fleet.service)/exe -ef $program ]
                """
            do {
                for node in faults.nodes { try await cluster.exec(node, replace).expecting(0) }
            } catch {
                _ = try await cluster.exec("central-1", "touch /tmp/stop")
                throw error
            }
            try await cluster.exec("central-1", "touch /tmp/stop").expecting(0)
            let loaded = try await loading.expecting(0)
            print("while fleetd was replaced on every node: \(loaded.output.split(separator: "\n").last ?? "nothing")")
            try RunningUnits.requireKept(
                before,
                in: try await faults.running(),
                after: "fleetd was replaced everywhere"
            )
            try await faults.waitForMachines(faults.nodes, from: "central-1")
            try faults.requireNeverTwice(since: begin, during: "replacing fleetd")
        }

        private func etcdLeader(_ cluster: TestCluster) async throws -> String {
            struct Answer: Decodable {
                struct Status: Decodable {
                    struct Header: Decodable { var member_id: UInt64 }
                    var header: Header
                    var leader: UInt64
                }
                var Endpoint: String
                var Status: Status
            }
            let answers = try await cluster.exec("worker-1", "etcdctl endpoint status --cluster -w json").expecting(0)
                .json([Answer].self)
            let leading = try #require(answers.first { $0.Status.header.member_id == $0.Status.leader })
            let nodes = try await cluster.status().nodes
            return try #require(nodes.first { leading.Endpoint.contains("//\($0.address ?? "-"):") }).name
        }
    }
}
