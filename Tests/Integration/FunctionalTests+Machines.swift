import Testing

/// What the original's suite checks of machines, of the ways to them and of the daemon.
extension RealNodes.FunctionalTests {
    /// TestMachinesList, TestMachinesPatchAddModify, TestMachinesPatchDelete, TestMachinesPatchBad, as a program in Go
    /// asks; TestTemplatesWithSpecifiersInMetadata with what was set.
    func machinesAPI(_ fleet: FleetNode) async throws {
        let ids = fleet.machines.values.sorted()
        func operation(_ operation: String, _ path: String, _ value: String) -> String {
            #"{"op":"\#(operation)","path":"\#(path)","Value":{"value":"\#(value)"}}"#
        }
        func ask(_ method: String, _ query: String = "", _ operations: [String] = []) -> String {
            let body = operations.isEmpty ? "" : "-d '[\(operations.joined(separator: ","))]'"
            return "curl -sS -o answer -w '%{http_code} %{content_type}\\n' --unix-socket /run/fleet.sock -X \(method) "
                + "'http://localhost/fleet/v1/machines\(query)' -H Content-Type: \(body)"
        }
        let show = "grep -o '\"hostname\":\"[^\"]*\"\\|\"ping\":\"[^\"]*\"' answer"
        let add = ids.map { operation("add", "/\($0)/metadata/hostname", "smoke\($0)") }
        let script = """
            \(ask("GET"))
            \(ask("GET", "?nextPageToken=EwBMLg=="))
            \(ask("PATCH", "", add + [operation("replace", "/\(ids[0])/metadata/ping", "splat")]))
            \(ask("GET")); \(show)
            \(ask("PATCH", "", [operation("remove", "/\(ids[0])/metadata/ping", "")]))
            \(ask("GET")); \(show)
            \(ask("PATCH", "", [operation("noop", "/\(ids[0])/metadata/foo", "bar")]))
            \(ask("PATCH", "", [operation("add", "/\(ids[0])/foo", "bar")]))
            \(ask("PATCH", "", [operation("add", "/\(ids[0])/foo", "")]))
            """
        let names = ids.map { #""hostname":"smoke\#($0)""# }
        let json = "application/json"
        let expected =
            ["200 \(json)", "400 \(json)", "204 \(json)", "200 \(json)", names[0], #""ping":"splat""#]
            + names.dropFirst() + ["204 \(json)", "200 \(json)"] + names + Array(repeating: "400 \(json)", count: 3)
        #expect(try await fleet.run(script).split(separator: "\n").map(String.init) == expected)

        try await fleet.put(["metadata@.service": Self.hello + "[X-Fleet]\nMachineMetadata=hostname=%i\n"])
        try await fleet.ctl("submit metadata@.service").expecting(0)
        let instances = ids.reversed().map { "metadata@smoke\($0)" }.joined(separator: " ")
        try await fleet.ctl("start \(instances)").expecting(0)
        for (unit, nodes) in try await fleet.active(3) {
            #expect(nodes.compactMap { fleet.machines[$0] }.map { "metadata@smoke\($0).service" } == [unit])
        }
        try await fleet.ctl("start --block-attempts=2 metadata@invalid.service").expecting(1)
        let remove = ids.map { operation("remove", "/\($0)/metadata/hostname", "") }
        #expect(
            try await fleet.run("fleetctl destroy 'metadata@*'; \(ask("PATCH", "", remove))").hasSuffix("204 \(json)")
        )
    }

    /// TestTunnelScheduleBatchUnits, TestKnownHostsVerification: a key that is not known is taken, one that has changed
    /// is refused, until nothing is known any more.
    func tunnel(_ fleet: FleetNode, address: String) async throws {
        let id = try #require(fleet.machines["worker-1"])
        let script = """
            : >known
            ctl() { fleetctl --strict-host-key-checking=true --known-hosts-file=/tmp/known "$@"; }
            echo yes | ctl --tunnel=\(address) start hello.service 2>errors || exit 1
            ctl --tunnel=\(address) start $(seq -f hello@%g.service 10) 2>>errors || exit 1
            ! grep Error errors || exit 1
            ctl ssh \(id) uptime || exit 1
            rm -f other other.pub; ssh-keygen -q -t ed25519 -N '' -f other
            echo "\(address) $(cut -d' ' -f1,2 other.pub)" >known
            ! ctl ssh \(id) uptime 2>/dev/null || exit 1
            : >known
            echo yes | ctl ssh \(id) uptime
            """
        try await fleet.put(["hello.service": Self.hello])
        try await fleet.run(script)
        #expect(try await fleet.active(11).count == 11)
        try await fleet.ctl("destroy hello.service 'hello@*'").expecting(0)
    }

    /// Whether a fleetd is in this state, and has not failed.
    private static func fleetd(is state: String) -> String {
        "[ \"$(systemctl show -p ActiveState -p Result --value fleet | xargs)\" = 'success \(state)' ]"
    }

    /// TestReconfigureServer: SIGHUP closes no listener.
    func reload(_ fleet: FleetNode) async throws {
        let script = """
            fleetctl start hello.service && fleetctl unload hello.service && fleetctl destroy hello.service || exit 1
            log() { sudo journalctl -q _PID=$(pidof fleetd); }
            sudo systemctl kill -s SIGHUP fleet
            for i in $(seq 150); do ! log | grep 'Reloading configuration' || break; sleep 0.1; done
            log | grep -q 'Reloading configuration' && fleetctl list-units && \(Self.fleetd(is: "active"))
            """
        try await fleet.run(script)
    }

    /// TestShutdown, TestNodeShutdown, TestDynamicClusterNewMemberUnitMigration and the moving pairs of
    /// TestScheduleMachineOf: a fleetd that is stopped ends well, and only what was on its machine moves.
    func shutdown(_ fleet: FleetNode) async throws {
        var files = ["pin@.service": Self.hello + "[X-Fleet]\nMachineID=%i\n"]
        for number in 0...2 {
            files["ping.\(number).service"] = Self.hello
            files["pong.\(number).service"] = Self.hello + "[X-Fleet]\nMachineOf=ping.\(number).service\n"
        }
        for number in 0...1 {
            files["conflict.\(number).service"] = Self.hello + "[X-Fleet]\nConflicts=conflict.*.service\n"
        }
        try await fleet.put(files)
        try await fleet.ctl("start conflict.0 conflict.1").expecting(0)
        for number in 0...2 { try await fleet.ctl("start --no-block ping.\(number) pong.\(number)").expecting(0) }
        #expect(try await fleet.run("fleetctl list-unit-files --no-legend | wc -l") == "8")
        let placed = try await fleet.active(8)
        for number in 0...2 { #expect(placed["ping.\(number).service"] == placed["pong.\(number).service"]) }
        // Of two machines with a unit that conflicts, one at least is a worker; each has a pair.
        let victim = try #require(
            ["conflict.0.service", "conflict.1.service"].compactMap { placed[$0]?.first }.first { $0 != fleet.node }
        )
        let id = try #require(fleet.machines[victim])
        try await fleet.ctl("start pin@\(id)").expecting(0)
        _ = try await fleet.active(9)

        let stop = "sudo systemctl stop fleet && \(Self.fleetd(is: "inactive"))"
        try await fleet.cluster.exec(victim, stop).expecting(0)
        let machines = "fleetctl list-machines --no-legend | wc -l"
        try await fleet.run("for i in $(seq 150); do [ $(\(machines)) -ne 2 ] || exit 0; sleep 0.1; done; exit 1")
        let moved = try await fleet.active(8)
        #expect(moved["pin@\(id).service"] == nil)
        for (unit, nodes) in placed {
            #expect(nodes == [victim] ? moved[unit] != nodes : moved[unit] == nodes, "\(unit): \(placed), \(moved)")
        }
        for number in 0...2 { #expect(moved["ping.\(number).service"] == moved["pong.\(number).service"]) }
        #expect(moved["conflict.0.service"] != moved["conflict.1.service"], "\(moved)")

        try await fleet.cluster.exec(victim, "sudo systemctl start fleet").expecting(0)
        #expect(try await fleet.active(9)["pin@\(id).service"] == [victim])
        try await fleet.ctl("destroy '*'").expecting(0)
    }

    /// TestSingleNodeConnectivityLoss on one worker, TestShutdownVsMonitor on the other.
    func connectivity(_ fleet: FleetNode) async throws {
        let id = try #require(fleet.machines["worker-1"])
        try await fleet.put([
            "single@.service": Self.hello + "[X-Fleet]\nMachineID=\(id)\n",
            "global@.service": Self.hello + "[X-Fleet]\nGlobal=true\n",
        ])
        let create = """
            for unit in single global; do
                fleetctl submit $unit@inactive && fleetctl load --no-block $unit@loaded &&
                    fleetctl start --no-block $unit@launched || exit 1
            done
            """
        let lists = """
            fleetctl list-unit-files --no-legend --full --fields unit,dstate
            fleetctl list-units --no-legend --full --fields unit,active,machine
            """
        try await fleet.run(create)
        #expect(try await fleet.active(4).keys.sorted() == ["global@launched.service", "single@launched.service"])
        let before = try await fleet.run(lists)
        #expect(before.split(separator: "\n").count == 6 + 2 + 6, "\(before)")

        let rule = "OUTPUT -p tcp -m multiport --dports 2379,4001 -j"
        // Longer than a machine's TTL.
        let isolate = """
            units() { systemctl list-unit-files -t service --no-legend 'single@*' 'global@*'
                systemctl list-units -t service --no-legend 'single@*' 'global@*'
                systemctl show -p MainPID --value single@launched global@launched; }
            units >/tmp/before; sudo iptables -I \(rule) REJECT && sleep 8
            units >/tmp/after; sudo iptables -D \(rule) REJECT && diff /tmp/before /tmp/after && cat /tmp/after
            """
        let stop = """
            sudo iptables -I \(rule) DROP && sleep 8; sudo systemctl stop fleet; \(Self.fleetd(is: "inactive")); rc=$?
            sudo iptables -D \(rule) DROP; sudo systemctl start fleet; exit $rc
            """
        async let isolated = fleet.cluster.exec("worker-1", isolate)
        async let stopped = fleet.cluster.exec("worker-2", stop, deadline: 120)
        let (units, _) = try await (isolated.expecting(0), stopped.expecting(0))
        for unit in ["single", "global"] {
            #expect(units.output.contains("\(unit)@launched.service"), "\(units)")
            #expect(!units.output.contains("\(unit)@inactive.service"), "\(units)")
        }
        _ = try await fleet.active(4)
        #expect(try await fleet.run(lists) == before)
        let log = "! sudo journalctl -q _PID=1 --since=-60s | grep -e 'Stopping single@' -e 'Stopping global@'"
        try await fleet.cluster.exec("worker-1", log).expecting(0)
        try await fleet.ctl("destroy '*'").expecting(0)
    }

    /// TestDetectMachineId: a machine with another's ID takes no part, and takes part again with its own.
    func machineID(_ fleet: FleetNode) async throws {
        let other = try #require(fleet.machines["worker-1"])
        let own = try #require(fleet.machines["worker-2"])
        func restart(as id: String) -> String {
            "echo \(id) | sudo tee /etc/machine-id && sudo systemctl restart fleet && \(Self.fleetd(is: "active"))"
        }
        let list = "fleetctl --request-timeout 20 list-machines --no-legend"
        // It is asked again for as long as it may take.
        let refused = list.replacing("20", with: "8")
        let twin = try await fleet.cluster.exec("worker-2", "\(restart(as: other)) || exit 9; \(refused)")
        #expect(twin.exitCode == 1, "\(twin)")
        #expect(twin.error.contains("fleet server unable to communicate with etcd"), "\(twin)")
        #expect(try await fleet.run("\(list) --full | grep -c \(other)") == "1")
        let back = try await fleet.cluster.exec("worker-2", "\(restart(as: own)) && \(list) | wc -l").expecting(0)
        #expect(back.output.hasSuffix("\n3\n"), "\(back)")
    }
}
