import Testing

extension RealNodes {
    /// What fleet does with units that run, beyond the original.
    @Suite(.serialized)
    struct MovingTests {
        @Test("units leave a drained machine, spread again, and get new texts in turn", .timeLimit(.minutes(6)))
        func moving() async throws {
            try await TestCluster.with("moving") { cluster in
                try cluster.writeTopology(members: 1, workers: 2)
                try await cluster.up()
                let machines = Dictionary(
                    uniqueKeysWithValues: try await cluster.status().nodes.map { ($0.name, $0.machine_id ?? "") },
                )
                let fleet = FleetNode(cluster: cluster, node: "central-1", machines: machines)
                try await draining(fleet)
                try await updating(fleet)
                try await ordering(fleet)
                try await wishing(fleet)
                try await timing(fleet)
            }
        }

        private func draining(_ fleet: FleetNode) async throws {
            let drained = try #require(fleet.machines["worker-1"])
            try await fleet.put("spread@.service", "Conflicts=spread@*.service\nMachineMetadata=role=worker")
            try await fleet.put("free@.service", "MachineMetadata=role=worker")
            try await fleet.ctl("start spread@1 spread@2 free@1 free@2 free@3 free@4").expecting(0)
            let drain = try await fleet.ctl("drain \(drained.prefix(8))")
            // One of the two that conflict has nowhere to go.
            #expect(drain.exitCode == 1 && drain.text.contains("conflicts with spread@"), "\(drain)")
            for number in 1...4 {
                #expect(try await fleet.machines(of: "free@\(number).service") == ["worker-2"])
            }
            let places = try await [1, 2].asyncMap { try await fleet.machines(of: "spread@\($0).service") }
            #expect(Set(places.flatMap { $0 }) == ["worker-1", "worker-2"], "\(places)")
            try await fleet.ctl("undrain \(drained.prefix(8))").expecting(0)
            #expect(try await fleet.ctl("drain").expecting(0).output == "")
            try await fleet.ctl("rebalance once").expecting(0)
            let counts = try await [1, 2, 3, 4].asyncMap { try await fleet.machines(of: "free@\($0).service") }
            #expect(counts.flatMap { $0 }.count { $0 == "worker-1" } == 2, "\(counts)")
            #expect(try await fleet.ctl("rebalance").expecting(0).output == "off\n")
            try await fleet.ctl("destroy 'spread@*' 'free@*'").expecting(0)
        }

        private func wishing(_ fleet: FleetNode) async throws {
            let worker = "MachineMetadata=role=worker"
            try await fleet.start("heavy.service", "\(worker)\nWeight=10")
            let heavy = try await fleet.machines(of: "heavy.service")
            try await fleet.put("light@.service", worker)
            try await fleet.ctl("start light@1 light@2 light@3").expecting(0)
            let light = try await fleet.machines(ofInstances: 1...3, of: "light")
            #expect(light.count == 3 && Set(light).count == 1 && light.first != heavy.first, "\(heavy), \(light)")
            // A pattern stands for any of them.
            try await fleet.start("follower.service", "MachineOf=light@*.service")
            #expect(try await fleet.machines(of: "follower.service") == Array(light.prefix(1)))

            // A wish is granted where it can be, and keeps nothing from running.
            try await fleet.start("liked.service", "PreferMachineMetadata=role=central")
            #expect(try await fleet.machines(of: "liked.service") == ["central-1"])
            try await fleet.start("vain.service", "PreferMachineMetadata=role=nowhere")
            #expect(try await fleet.machines(of: "vain.service").count == 1)
            try await fleet.put("apart@.service", "\(worker)\nPreferApart=apart@*.service")
            try await fleet.ctl("start apart@1 apart@2 apart@3").expecting(0)
            let apart = try await fleet.machines(ofInstances: 1...3, of: "apart")
            #expect(apart.count == 3 && Set(apart) == ["worker-1", "worker-2"], "\(apart)")
            try await fleet.ctl("destroy heavy follower liked vain 'light@*' 'apart@*'").expecting(0)
        }

        /// A timer that waits is active, and what it starts is beside it.
        private func timing(_ fleet: FleetNode) async throws {
            let timer = "[Timer]\nOnActiveSec=100ms\nAccuracySec=1ms\n[X-Fleet]\nMachineMetadata=role=worker\n"
            let service = "[Service]\nType=oneshot\nExecStart=/bin/touch /run/ticked\n[X-Fleet]\nMachineOf=tick.timer\n"
            try await fleet.cluster.put(timer, "/tmp/tick.timer", on: fleet.node)
            try await fleet.cluster.put(service, "/tmp/tick.service", on: fleet.node)
            try await fleet.ctl("load tick.timer tick.service").expecting(0)
            try await fleet.ctl("start tick.timer").expecting(0)
            let machine = try #require(try await fleet.machines(of: "tick.timer").first)
            let look = "for i in $(seq 100); do [ ! -e /run/ticked ] || exit 0; sleep 0.1; done"
            let wait = "\(look); systemctl status tick.timer tick.service; exit 1"
            try await fleet.cluster.exec(machine, wait).expecting(0)
            let listed = try await fleet.ctl("list-units --no-legend --fields=unit,active").expecting(0).output
            #expect(listed.contains("tick.timer\tactive") && !listed.contains("failed"), "\(listed)")
            try await fleet.ctl("destroy tick.timer tick.service").expecting(0)
        }

        private func updating(_ fleet: FleetNode) async throws {
            try await fleet.put("roll@.service", "")
            try await fleet.ctl("start roll@1 roll@2 roll@3").expecting(0)
            try await fleet.ctl("cat roll@1").expecting(0)
            func instances(_ text: String) async throws -> [Bool] {
                let texts = try await [1, 2, 3].asyncMap { try await fleet.ctl("cat roll@\($0)").expecting(0).output }
                return texts.map { $0.contains(text) }
            }
            let better = "[Service]\nExecStart=/bin/sleep 1d\n"
            try await fleet.cluster.put(better, "/tmp/roll@.service", on: fleet.node)
            let updated = try await fleet.ctl("update roll@.service --settle 1").expecting(0)
            #expect(updated.output.contains("Unit roll@3.service updated"), "\(updated)")
            #expect(try await instances("sleep 1d") == [true, true, true])
            let broken = "[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=1\n"
            try await fleet.cluster.put(broken, "/tmp/roll@.service", on: fleet.node)
            let refused = try await fleet.ctl("update roll@.service --settle 1")
            #expect(refused.exitCode == 1 && refused.text.contains("taken back: roll@1.service"), "\(refused)")
            #expect(try await instances("sleep 1d") == [true, true, true])
            for number in 1...3 { #expect(try await fleet.machines(of: "roll@\(number).service").count == 1) }
            try await fleet.ctl("destroy 'roll@*'").expecting(0)
        }

        /// By name the one that needs the other would come first.
        private func ordering(_ fleet: FleetNode) async throws {
            let target = try #require(fleet.machines["worker-1"])
            let pin = "[X-Fleet]\nMachineID=\(target)\n"
            let check = "/bin/sh -c 'cat /run/first && touch /run/second'"
            let second = "[Unit]\nAfter=z.service\n[Service]\nType=oneshot\nExecStart=\(check)\n\(pin)"
            let first = "[Service]\nType=oneshot\nExecStartPre=/bin/sleep 1\nExecStart=/bin/touch /run/first\n\(pin)"
            try await fleet.cluster.put(second, "/tmp/a.service", on: fleet.node)
            try await fleet.cluster.put(first, "/tmp/z.service", on: fleet.node)
            try await fleet.ctl("load a z").expecting(0)
            // Both are to run before the machine hears of it.
            try await fleet.cluster.exec("worker-1", "sudo systemctl stop fleet.service").expecting(0)
            try await fleet.ctl("start --no-block a z").expecting(0)
            try await fleet.cluster.exec("worker-1", "sudo systemctl start fleet.service").expecting(0)
            let look = "for i in $(seq 100); do [ ! -e /run/second ] || exit 0; sleep 0.1; done"
            let wait = "\(look); systemctl status a z; exit 1"
            try await fleet.cluster.exec("worker-1", wait).expecting(0)
            // What is through is no failure.
            let listed = try await fleet.ctl("list-units --no-legend --fields=unit,active").expecting(0).output
            #expect(!listed.contains("failed"), "\(listed)")
            try await fleet.ctl("destroy a z").expecting(0)
        }
    }
}
