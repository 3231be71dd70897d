import Testing

extension RealNodes {
    /// What the functional suite of CoreOS's fleet checks, as far as ``FleetTests`` does not, on one cluster.
    @Suite(.serialized)
    struct FunctionalTests {
        @Test("fleet passes what the original's own suite checks", .timeLimit(.minutes(6)))
        func original() async throws {
            try await TestCluster.with("functional") { cluster in
                try cluster.writeTopology(members: 1, workers: 2)
                try await cluster.up()
                let nodes = try await cluster.status().nodes
                let fleet = FleetNode(
                    cluster: cluster,
                    node: "central-1",
                    machines: Dictionary(uniqueKeysWithValues: nodes.map { ($0.name, $0.machine_id ?? "") }),
                )
                try await client(fleet)
                try await batches(fleet)
                try await replacing(fleet)
                try await oneUnit(fleet)
                try await failing(fleet)
                try await installing(fleet)
                try await conflicts(fleet)
                try await replaces(fleet)
                try await globals(fleet)
                try await machinesAPI(fleet)
                try await tunnel(fleet, address: try #require(nodes.first { $0.name == "worker-1" }?.address))
                try await reload(fleet)
                try await shutdown(fleet)
                try await connectivity(fleet)
                try await machineID(fleet)
                try await cluster.requireHealthy()
            }
        }

        static let hello = """
            [Unit]
            Description=Test Unit

            [Service]
            ExecStart=/bin/bash -c "while true; do echo Hello, World!; sleep 1; done"

            """

        /// TestClientVersionFlag, TestClientVersionHelpOutput, TestClientHelpFlag, TestFleetctlWithEnv.
        private func client(_ fleet: FleetNode) async throws {
            let script = """
                version=$(fleetctl --version) && fleetctl | grep -qF "${version#fleetctl version }" || exit 1
                for words in --help -h help ''; do fleetctl $words | sha1sum; done | uniq | wc -l
                FLEETCTL_ENDPOINT=unix:///var/run/fleet.sock fleetctl list-machines --no-legend | wc -l
                FLEETCTL_ENDPOINT=unix:///nowhere fleetctl list-machines 2>/dev/null || echo $?
                locksmithctl status 2>/dev/null >/dev/full || echo $?
                locksmithctl --help 2>/dev/null >/dev/full || echo $?
                coreos-cloudinit --version 2>/dev/null >/dev/full || echo $?
                """
            let said = try await fleet.run(script)
            #expect(said == "1\n3\n1\n1\n1\n1", "\(said)")
        }

        /// TestUnitSubmit, TestUnitLoad and TestUnitStart with nine units twice; TestListUnitFilesOrder.
        private func batches(_ fleet: FleetNode) async throws {
            try await fleet.put(["hello@.service": Self.hello])
            let files = "fleetctl list-unit-files --no-legend --fields=unit"
            let units = "fleetctl list-units --no-legend --fields=unit"
            let active = "fleetctl list-units --no-legend --fields=active,unit | grep ^active"
            for (command, undo, list) in [
                ("submit", "destroy", files), ("load", "unload", units), ("start", "stop", active),
            ] {
                let script = """
                    units=$(seq -f hello@%g.service 9)
                    count() { for i in $(seq 150); do [ $(\(list) | grep -c hello@) -ne $1 ] || return 0; sleep 0.1; done
                        echo "not $1 after \(command) and \(undo)" >&2; \(list) >&2; return 1; }
                    for round in 1 2; do
                        fleetctl \(command) $units && count 9 && fleetctl \(undo) $units && count 0 || exit 1
                    done
                    fleetctl destroy $units
                    """
                try await fleet.run(script)
            }
            let sorted = """
                fleetctl submit $(seq -f hello@%02g.service 20 -1 1) >/dev/null && \(files) >/tmp/listed && wc -l </tmp/listed
                LC_ALL=C sort -c /tmp/listed && fleetctl destroy 'hello@*'
                """
            #expect(try await fleet.run(sorted).hasPrefix("20\n"))
        }

        /// TestUnitSubmitReplace, TestUnitLoadReplace, TestUnitStartReplace.
        private func replacing(_ fleet: FleetNode) async throws {
            let newer = Self.hello.replacing("sleep 1", with: "sleep 2")
            try await fleet.put(["new/hello@.service": newer])
            for (command, state) in [("submit", "inactive"), ("load", "loaded"), ("start", "launched")] {
                let script = """
                    fleetctl \(command) hello@1 hello@2 && fleetctl cat hello@1 >before || exit 1
                    fleetctl \(command) --replace new/hello@1.service new/hello@2.service || exit 1
                    for unit in hello@1 hello@2; do
                        fleetctl cat $unit >after && diff after new/hello@.service && ! diff -q after before || exit 1
                    done
                    fleetctl list-unit-files --no-legend --fields=state,unit | grep -c ^\(state)
                    fleetctl destroy hello@1 hello@2
                    """
                #expect(try await fleet.run(script).contains("\n2\n"), "\(command) --replace")
            }
        }

        /// TestUnitRunnable, TestUnitCat, TestUnitStatus, TestUnitRestart, TestUnitSSHActions; submitting twice.
        private func oneUnit(_ fleet: FleetNode) async throws {
            try await fleet.put(["hello.service": Self.hello])
            let script = """
                fleetctl submit hello.service && fleetctl submit hello.service || exit 1
                fleetctl cat hello.service | diff - hello.service || exit 1
                fleetctl load hello.service && fleetctl status hello.service | grep -o 'Loaded: loaded' || exit 1
                fleetctl start hello.service && fleetctl stop hello.service || exit 1
                fleetctl list-units --no-legend --fields=active,unit | grep -c ^inactive
                fleetctl start --no-block hello.service || exit 1
                until fleetctl list-units --no-legend --fields=active,unit | grep ^active; do sleep 0.1; done
                ctl() { fleetctl --strict-host-key-checking=false "$@"; }
                ctl ssh hello.service echo foo && ctl status hello.service | grep -o 'Active: active' || exit 1
                until ctl journal --sudo hello.service | grep -o -m 1 'Hello, World!'; do sleep 0.1; done
                fleetctl restart hello.service || exit 1
                """
            let said = try await fleet.run(script).split(separator: "\n")
            for line in ["Loaded: loaded", "1", "foo", "Active: active", "Hello, World!"] {
                #expect(said.contains { $0 == line }, "no '\(line)' in \(said)")
            }
            #expect(try await fleet.active(1).keys.sorted() == ["hello.service"])
            try await fleet.ctl("destroy hello.service").expecting(0)
        }

        /// What a unit said before it failed is told where it was started, from another machine. A service of another
        /// type is active, and so started, as soon as there is a process: on a busy host some time before that fails.
        private func failing(_ fleet: FleetNode) async throws {
            let broken =
                "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo this is why; exit 3'\n"
                + "[X-Fleet]\nMachineMetadata=role=worker\n"
            try await fleet.put(["broken.service": broken])
            let started = try await fleet.ctl("start broken.service").expecting(1)
            #expect(started.error.contains("this is why") && !started.output.contains("this is why"), "\(started)")
            try await fleet.ctl("destroy broken.service").expecting(0)
        }

        /// TestInstallUnit: what another unit wants starts with it, and what is bound to it stops with it.
        private func installing(_ fleet: FleetNode) async throws {
            let discovery = """
                [Unit]
                BindsTo=hello.service
                [Service]
                ExecStart=/bin/sleep infinity
                [Install]
                WantedBy=hello.service
                [X-Fleet]
                MachineOf=hello.service

                """
            try await fleet.put(["discovery.service": discovery])
            let script = """
                state() { for i in $(seq 150); do
                    [ "$(fleetctl ssh discovery.service systemctl show -p ActiveState --value discovery.service)" != $1 ] || return 0
                    sleep 0.1; done; echo "not $1" >&2; return 1; }
                fleetctl load hello.service discovery.service && state inactive && fleetctl start hello.service && state active &&
                    fleetctl stop hello.service && state inactive && fleetctl destroy hello.service discovery.service
                """
            try await fleet.run(script)
        }

        /// TestScheduleOneWayConflict, TestScheduleMultipleConflicts, TestScheduleGlobalConflicts.
        private func conflicts(_ fleet: FleetNode) async throws {
            let here = "[X-Fleet]\nMachineMetadata=role=central\n"
            let several = "Conflicts=conflict.2.service conflict.1.service conflict.0.service\n"
            var files = ["hello.service": Self.hello + here]
            files["conflicts-with-hello.service"] = Self.hello + here + "Conflicts=hello.service\n"
            for number in 0...2 { files["conflict.\(number).service"] = Self.hello + here + several }
            for number in 0...1 {
                files["conflict-global.\(number).service"] =
                    Self.hello + "[X-Fleet]\nGlobal=true\nConflicts=conflict-global.*.service\n"
            }
            try await fleet.put(files)

            try await fleet.ctl("start conflicts-with-hello.service").expecting(0)
            try await fleet.ctl("start --no-block hello.service").expecting(0)
            #expect(try await fleet.run("sleep 1; fleetctl list-unit-files --no-legend | wc -l") == "2")
            #expect(try await fleet.active(1).keys.sorted() == ["conflicts-with-hello.service"])
            try await fleet.ctl("destroy conflicts-with-hello.service").expecting(0)
            #expect(try await fleet.active(1).keys.sorted() == ["hello.service"])
            try await fleet.ctl("destroy hello.service").expecting(0)

            try await fleet.ctl("start --no-block conflict.0 conflict.1 conflict.2").expecting(0)
            let first = try #require(try await fleet.active(1).keys.first)
            try await fleet.ctl("destroy \(first)").expecting(0)
            let second = try #require(try await fleet.active(1).keys.first)
            #expect(first != second)
            try await fleet.ctl("destroy 'conflict.*'").expecting(0)

            try await fleet.ctl("start conflict-global.0").expecting(0)
            #expect(try await fleet.active(3).keys.sorted() == ["conflict-global.0.service"])
            try await fleet.ctl("start --no-block conflict-global.1").expecting(0)
            try await fleet.run("sleep 1")
            #expect(try await fleet.active(3).keys.sorted() == ["conflict-global.0.service"])
            try await fleet.ctl("destroy 'conflict-global.*'").expecting(0)
        }

        /// TestScheduleReplace; and TestScheduleCircularReplace as far as it is no race: both run, and stay.
        private func replaces(_ fleet: FleetNode) async throws {
            var files = ["replace.0.service": Self.hello]
            for (unit, other) in [("replace.1", "replace.0"), ("circle.0", "circle.1"), ("circle.1", "circle.0")] {
                files["\(unit).service"] = Self.hello + "[X-Fleet]\nReplaces=\(other).service\n"
            }
            try await fleet.put(files)
            try await fleet.ctl("start replace.0").expecting(0)
            try await fleet.ctl("start --no-block replace.1").expecting(0)
            let places = try await fleet.active(2)
            #expect(places["replace.0.service"] != places["replace.1.service"], "\(places)")
            try await fleet.ctl("destroy 'replace.*'").expecting(0)
            try await fleet.ctl("start circle.0").expecting(0)
            try await fleet.ctl("start circle.1").expecting(0)
            let circle = try await fleet.active(2)
            try await fleet.run("sleep 1")
            #expect(try await fleet.active(2) == circle)
            try await fleet.ctl("destroy 'circle.*'").expecting(0)
        }

        /// TestScheduleGlobalUnits: what is done to a global unit is done on every machine.
        private func globals(_ fleet: FleetNode) async throws {
            try await fleet.put(["global.service": Self.hello + "[X-Fleet]\nGlobal=true\n"])
            try await fleet.ctl("start --no-block global.service").expecting(0)
            #expect(try await fleet.active(3)["global.service"] == fleet.machines.keys.sorted())
            try await fleet.ctl("status --no-block global.service").expecting(0)
            let script = """
                pids() { for m in $(fleetctl list-machines --no-legend --full --fields machine); do
                    fleetctl ssh $m systemctl show -p MainPID --value global.service; done; }
                pids >before && fleetctl restart global.service || exit 1
                fleetctl stop global.service && fleetctl start global.service && pids >after
                """
            try await fleet.run(script)
            #expect(try await fleet.active(3)["global.service"] == fleet.machines.keys.sorted())
            #expect(try await fleet.run("grep -c . before; grep -vc -x -F -f before after") == "3\n3")
            try await fleet.ctl("destroy global.service").expecting(0)
        }
    }
}
