import Testing

extension RealNodes {
    /// fleetd and fleetctl on real machines.
    @Suite(.serialized)
    struct FleetTests {
        @Test(
            "units are placed as their [X-Fleet] sections ask, and fleetctl does what it says",
            .timeLimit(.minutes(6))
        )
        func placement() async throws {
            try await TestCluster.with("place") { cluster in
                try cluster.writeTopology(members: 1, workers: 2)
                try await cluster.up()
                let machines = Dictionary(
                    uniqueKeysWithValues: try await cluster.status().nodes.map { ($0.name, $0.machine_id ?? "") },
                )
                let node = FleetNode(cluster: cluster, node: "worker-1", machines: machines)
                try await constraints(node)
                try await unplaceable(node)
                try await life(node)
                try await reading(node)
                try await node.checkWhy()
                try await node.checkEvents()
                try await node.checkLists()
                try await node.checkVerify()
            }
        }

        private func constraints(_ fleet: FleetNode) async throws {
            let target = try #require(fleet.machines["worker-2"])
            try await fleet.start("bound.service", "MachineMetadata=role=central")
            #expect(try await fleet.machines(of: "bound.service") == ["central-1"])
            try await fleet.start("named.service", "MachineID=\(target)")
            #expect(try await fleet.machines(of: "named.service") == ["worker-2"])
            try await fleet.start("follower.service", "MachineOf=named.service")
            #expect(try await fleet.machines(of: "follower.service") == ["worker-2"])
            try await fleet.put("rival@.service", "Conflicts=rival@*.service")
            try await fleet.ctl("start rival@1 rival@2 rival@3").expecting(0)
            let places = try await [1, 2, 3].asyncMap { try await fleet.machines(of: "rival@\($0).service") }
            #expect(Set(places.flatMap { $0 }).count == 3, "three rivals on three machines: \(places)")
            try await fleet.start("everywhere.service", "Global=true")
            #expect(
                try await fleet.machines(of: "everywhere.service", count: 3) == ["central-1", "worker-1", "worker-2"]
            )
            try await fleet.start("workers.service", "Global=true\nMachineMetadata=role=worker")
            #expect(try await fleet.machines(of: "workers.service", count: 2) == ["worker-1", "worker-2"])
        }

        private func unplaceable(_ fleet: FleetNode) async throws {
            try await fleet.put("nowhere.service", "MachineMetadata=role=nobody")
            let started = try await fleet.ctl("start nowhere.service")
            #expect(started.exitCode == 1, "\(started)")
            #expect(started.text.contains("role=nobody"), "it does not say why: \(started)")
            let listed = try await fleet.ctl("list-unit-files --no-legend").expecting(0).output
            let line = try #require(listed.split(separator: "\n").first { $0.hasPrefix("nowhere.service") })
            #expect(line.contains("inactive"), "\(listed)")
            let fourth = try await fleet.ctl("start rival@4")
            #expect(fourth.exitCode == 1 && fourth.text.lowercased().contains("conflict"), "\(fourth)")
            try await fleet.ctl("destroy nowhere.service rival@4").expecting(0)
        }

        private func life(_ fleet: FleetNode) async throws {
            try await fleet.put("life.service", "MachineMetadata=role=worker")
            for (command, state) in [("submit", "inactive"), ("load", "loaded"), ("start", "launched")] {
                try await fleet.ctl("\(command) life.service").expecting(0)
                #expect(try await fleet.fileState("life.service").contains(state), "after \(command)")
            }
            let place = try #require(try await fleet.machines(of: "life.service").first)
            let isActive = "systemctl is-active life.service"
            #expect(try await fleet.cluster.exec(place, isActive).output == "active\n")
            for (command, state) in [("stop", "loaded"), ("unload", "inactive")] {
                try await fleet.ctl("\(command) life.service").expecting(0)
                #expect(try await fleet.fileState("life.service").contains(state), "after \(command)")
            }
            #expect(try await fleet.cluster.exec(place, isActive).output != "active\n")
            try await fleet.ctl("destroy life.service").expecting(0)
            #expect(try await !fleet.ctl("list-unit-files").expecting(0).output.contains("life.service"))
            let remains = "! systemctl cat life.service >/dev/null 2>&1"
            #expect(try await fleet.cluster.exec(place, remains).exitCode == 0, "the unit's file is still on \(place)")
        }

        private func reading(_ fleet: FleetNode) async throws {
            let file = try await fleet.ctl("cat named.service").expecting(0).output
            #expect(file.contains("ExecStart=/bin/sleep infinity") && file.contains("MachineID="), "\(file)")
            // From another machine than the one that runs it.
            let status = try await fleet.ctl("status named.service")
            #expect(status.exitCode == 0 && status.output.contains("active (running)"), "\(status)")
            let journal = try await fleet.ctl("journal --lines=5 named.service")
            #expect(journal.exitCode == 0 && journal.output.contains("named.service"), "\(journal)")
            let ssh = try await fleet.ctl("ssh named.service hostname")
            #expect(ssh.exitCode == 0 && ssh.output == "worker-2\n", "\(ssh)")
            let machines = try await fleet.ctl("list-machines --no-legend --full").expecting(0).output
            for id in fleet.machines.values { #expect(machines.contains(id), "\(machines)") }
            let missing = try await fleet.ctl("status missing.service")
            #expect(missing.exitCode != 0, "\(missing)")
        }

        @Test(
            "the units of a worker that dies run elsewhere within seconds, and not twice when it is back",
            .timeLimit(.minutes(6))
        )
        func death() async throws {
            try await TestCluster.with("death") { cluster in
                let units = ["precious.service": Units.sleeper("MachineMetadata=role=worker")]
                try cluster.writeTopology(members: 1, workers: 2, units: units)
                try await cluster.up()
                let home = try #require(try await cluster.status().active("precious.service").first)
                let other = home == "worker-1" ? "worker-2" : "worker-1"
                let follow = """
                    cd \(cluster.directory)
                    \(Program.directory)/slipway events \(cluster.name) --json > events & events=$!
                    until [ -e stop ]; do sleep 0.1; done
                    # It tells so as soon as libvirt does, in its own time.
                    for i in $(seq 100); do ! grep -q '"text":"is on"' events || break; sleep 0.1; done
                    kill $events; wait $events
                    cat events
                    """
                async let told = Program.shell(follow, deadline: 200)
                let begin = ContinuousClock.now
                async let moved = cluster.output(
                    other,
                    "until systemctl is-active -q precious.service; do sleep 0.05; done",
                    deadline: 30,
                )
                try await cluster.cutPower(home)
                _ = try await moved
                let took = ContinuousClock.now - begin
                print("a dead worker's unit ran elsewhere after \(took); the machine TTL is 5 s")
                #expect(took < .seconds(15), "TTL 5 s and 2 s is the promise on a quiet machine")
                let machines = try await cluster.output("central-1", "fleetctl list-machines --no-legend")
                #expect(machines.split(separator: "\n").count == 2, "\(machines)")

                try await cluster.up()
                try cluster.write("", to: "stop")
                let log = try await told.expecting(0).output.split(separator: "\n")
                for words in [
                    [#""subject":"machine""#, #""name":"\#(home)""#, "not listed by fleet"],
                    [#""subject":"unit""#, #""node":"\#(other)""#, #""text":"is active""#],
                    [#""subject":"node""#, #""name":"\#(home)""#, #""text":"is on""#],
                ] {
                    #expect(log.contains { line in words.allSatisfy { line.contains($0) } }, "no \(words) in \(log)")
                }
                let states = try await cluster.status().units.first?.states
                #expect(states == [other: "active"], "it stays where it went, and runs once")
                let back = try await cluster.exec(home, "systemctl is-active precious.service")
                #expect(back.output != "active\n", "\(back)")
                try await cluster.requireHealthy()
            }
        }
    }
}
