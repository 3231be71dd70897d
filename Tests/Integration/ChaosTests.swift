import Foundation
import TestKit
import Testing

extension RealNodes {
    /// Faults on purpose, undone whatever happens, and what they show.
    @Suite(.serialized)
    struct ChaosTests {
        struct Report: Decodable {
            struct Finding: Decodable {
                var invariant: String
                var message: String
            }
            struct Span: Decodable {
                var fault: String
                var nodes: [String]
                var end: Double?
            }

            var holds: Bool
            var operations: Int
            var violations: [Finding]
            var faults: [Span]
            var notes: [String]
        }

        @Test(
            "a run passes and leaves nothing, one that is killed is healed, and a unit that runs twice is found",
            .timeLimit(.minutes(6))
        )
        func chaos() async throws {
            try await TestCluster.with("chaos") { cluster in
                try cluster.writeTopology(members: 3, workers: 2)
                try await cluster.up()
                try await passes(cluster)
                try await libvirtRestarts(cluster)
                try await heals(cluster)
                try await finds(cluster)
            }
        }

        private func write(_ scenario: String, _ cluster: TestCluster) throws -> String {
            try cluster.write(scenario, to: "scenario.yaml")
            return "\(cluster.directory)/scenario.yaml"
        }

        private func passes(_ cluster: TestCluster) async throws {
            let scenario = try write(
                """
                name: short
                every: 100ms..300ms
                limits: {faults: 4}
                faults:
                  - {fault: power-off, lasts: 3s, roles: [worker]}
                  - {fault: freeze, lasts: 2s, roles: [central]}
                  - {fault: cut, lasts: 3s, group: 1..2, directions: [both, incoming, outgoing]}
                  - {fault: leader-kill}
                  - {fault: disk-full, lasts: 2s}
                  - {fault: slow-processor, lasts: 2s}
                  - {fault: slow-disk, lasts: 2s}
                  - {fault: fleetd-crash-loop, lasts: 2s}
                  - {fault: slow-network, lasts: 2s}
                  - {fault: reboot, roles: [worker]}
                  - {fault: etcd-kill}
                  - {fault: fleetd-kill}
                  - {fault: low-memory, lasts: 2s, roles: [worker]}
                  - {fault: lossy-network, lasts: 2s}
                """,
                cluster
            )
            let junit = "\(cluster.directory)/chaos.xml"
            let words = ["--scenario", scenario, "--once", "--seed", "5", "--junit", junit, "--json", "--yes"]
            let ran = try await Program.slipway(["chaos", cluster.name] + words).expecting(0)
            let report: Report = try ran.json()
            #expect(report.holds, "\(ran)")
            // Each comes once before any comes again, unless this host cannot do it, which the report says.
            let kinds = [
                "power-off", "freeze", "cut", "leader-kill", "disk-full", "slow-processor", "slow-disk",
                "fleetd-crash-loop", "slow-network", "reboot", "etcd-kill", "fleetd-kill", "low-memory",
                "lossy-network",
            ]
            let missing = kinds.filter { kind in
                !report.faults.contains { $0.fault == kind } && !report.notes.contains { $0.contains(kind) }
            }
            #expect(missing.isEmpty, "\(ran)")
            #expect(report.faults.allSatisfy { $0.end != nil }, "\(ran)")
            #expect(report.operations > 50, "\(ran)")
            #expect(try String(contentsOfFile: junit, encoding: .utf8).contains("failures=\"0\""))
            print("\(report.faults.count) faults, \(report.operations) operations, \(ran.took)")
            try await requireNothing(cluster)
        }

        /// libvirt starts anew, and no node notices; what this host cannot do is refused before anything is done.
        private func libvirtRestarts(_ cluster: TestCluster) async throws {
            let clocks = try write("name: clocks\nfaults:\n  - {fault: clock-jump}\n", cluster)
            let words = ["chaos", cluster.name, "--for", "1s", "--json", "--yes", "--scenario"]
            let refused = try await Program.slipway(words + [clocks]).expecting(1)
            #expect(refused.text.contains("containers share the host's clock"), "\(refused)")
            let scenario = try write("name: restart\nevery: 100ms\nfaults:\n  - {fault: libvirtd-restart}\n", cluster)
            let daemon = "cat /run/libvirtd.pid"
            let before = try await Program.shell(daemon).expecting(0).output
            let ran = try await Program.slipway(words + [scenario]).expecting(0)
            let report: Report = try ran.json()
            #expect(report.holds && !report.faults.isEmpty, "\(ran)")
            #expect(report.faults.allSatisfy { $0.fault == "libvirtd-restart" && $0.nodes.isEmpty && $0.end != nil })
            #expect(try await Program.shell(daemon).expecting(0).output != before)
            print("libvirt restarted \(report.faults.count) times, \(ran.took)")
            try await requireNothing(cluster)
        }

        /// Killed in the middle of a partition and of a slow disk: at first another process undoes them, then, where
        /// that is killed as well, the next command does.
        private func heals(_ cluster: TestCluster) async throws {
            try await isKilled(cluster, withGuard: false)
            let record = "\(Program.home)/chaos/\(cluster.name).json"
            try await eventually(within: .seconds(60), "the run is undone") {
                !FileManager.default.fileExists(atPath: record)
            }
            try await requireNothing(cluster)
            try await isKilled(cluster, withGuard: true)
            let cut = "sudo iptables -S | grep -q 'SLIPWAY-CHAOS-[12] -s'"
            try await cluster.exec("central-2", cut).expecting(0)
            let timers = "systemctl list-units --plain --no-legend 'slipway-chaos-undo-*.timer' | grep -q ' active'"
            try await cluster.exec("central-2", timers).expecting(0)
            let bound = try await diskBound("worker-1", cluster)
            #expect(bound.contains(",2097152"), "\(bound)")
            let doctor = try await Program.slipway(["doctor"])
            #expect(doctor.text.contains("slipway chaos \(cluster.name) --heal"), "\(doctor)")
            let healed = try await Program.slipway(["chaos", cluster.name, "--heal"]).expecting(0)
            #expect(healed.text.contains("central-2: cut off"), "\(healed)")
            #expect(healed.text.contains("worker-1: slow disk"), "\(healed)")
            #expect(!FileManager.default.fileExists(atPath: record))
            try await requireNothing(cluster)
            let again = try await Program.slipway(["chaos", cluster.name, "--heal"]).expecting(0)
            #expect(again.text.contains("Nothing is left"), "\(again)")
        }

        /// Runs chaos until its faults are there, and kills it, with the process that watches it or without.
        private func isKilled(_ cluster: TestCluster, withGuard: Bool) async throws {
            let scenario = try write(
                """
                name: partition
                every: 100ms
                limits: {faults: 2}
                faults:
                  - {fault: cut, lasts: 10m, nodes: [central-2]}
                  - {fault: slow-disk, lasts: 10m, nodes: [worker-1]}
                """,
                cluster
            )
            let record = "\(Program.home)/chaos/\(cluster.name).json"
            let log = "\(cluster.directory)/killed.log"
            let slipway = "\(Program.directory)/slipway chaos \(cluster.name) --scenario \(scenario) --yes"
            async let run = Program.shell(
                """
                \(slipway) >\(log) 2>&1 & p=$!
                for i in $(seq 300); do
                    grep -qs '"cut"' \(record) && grep -qs '"slow-disk"' \(record) && break; sleep 0.1
                done
                sleep 1; \(withGuard ? "pkill -KILL -f '[c]haos \(cluster.name) --guard'; " : "")kill -KILL $p; wait $p
                """
            )
            _ = try await run
        }

        /// What libvirt says of the bounds of a container's disk.
        private func diskBound(_ node: String, _ cluster: TestCluster) async throws -> String {
            let words = ["virsh", "-q", "-c", "lxc:///system", "blkiotune", "\(cluster.name).\(node)"]
            return try await Program.run(words).expecting(0).output
        }

        /// One of the run's units is started by hand where fleet has not placed it.
        private func finds(_ cluster: TestCluster) async throws {
            let scenario = try write(
                """
                name: idle
                every: 60s
                faults:
                  - {fault: fleetd-kill}
                """,
                cluster
            )
            let words = ["--scenario", scenario, "--for", "6s", "--json", "--yes"]
            async let running = Program.slipway(["chaos", cluster.name] + words)
            let double = """
                for i in $(seq 200); do
                    u=$(ls /run/fleet/units/ | grep -m 1 slipway-chaos) && [ -n "$u" ] && break; sleep 0.1
                done
                echo $u
                """
            let unit = try await cluster.output("worker-1", double)
            let start = """
                printf '[Service]\\nExecStart=/bin/sleep infinity\\n' | sudo tee /run/systemd/system/\(unit) >/dev/null
                sudo systemctl daemon-reload && sudo systemctl start \(unit) && sleep 2 && sudo systemctl stop \(unit)
                sudo rm /run/systemd/system/\(unit) && sudo systemctl daemon-reload
                """
            try await cluster.exec("worker-2", start).expecting(0)
            let ran = try await running.expecting(1)
            let report: Report = try ran.json()
            let twice = report.violations.filter { $0.invariant == "twice" }
            #expect(twice.contains { $0.message.contains(unit) && $0.message.contains("worker-2") }, "\(ran)")
            try await requireNothing(cluster)
        }

        /// Checks that neither the cluster nor its nodes have anything of a run.
        private func requireNothing(_ cluster: TestCluster, sourceLocation: SourceLocation = #_sourceLocation)
            async throws
        {
            try await cluster.settle()
            try await cluster.requireHealthy()
            let keys = try await cluster.output("central-1", "etcdctl get --prefix --keys-only slipway/chaos/")
            #expect(keys.isEmpty, "\(keys)", sourceLocation: sourceLocation)
            let look = """
                ls /run/slipway-chaos /run/systemd/system/etcd2.service.d/90-slipway-chaos.conf 2>/dev/null
                sudo iptables -S | grep SLIPWAY; systemctl list-units --all --plain --no-legend 'slipway-chaos-*'
                ls /run/fleet/units | grep slipway-chaos; exit 0
                """
            let names = try await cluster.status().nodes.map(\.name)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in names {
                    group.addTask {
                        let found = try await cluster.output(name, look)
                        #expect(found.isEmpty, "\(name): \(found)", sourceLocation: sourceLocation)
                        let bound = try await diskBound(name, cluster)
                        #expect(!bound.contains("/dev/"), "\(name): \(bound)", sourceLocation: sourceLocation)
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
