import Testing

/// What fleetctl tells beyond the original's.
extension FleetNode {
    /// Each machine's answer to a unit that fits nowhere.
    func checkWhy() async throws {
        struct Report: Decodable {
            struct Row: Decodable {
                var machineID: String
                var refusal: String?
            }
            var machines: [Row]
        }
        try await put("lost.service", "MachineMetadata=role=nobody")
        try await ctl("start --no-block lost.service").expecting(0)
        let why = try await ctl("why --json lost.service")
        #expect(why.exitCode == 1, "\(why)")
        let rows = try why.json(Report.self).machines
        #expect(Set(rows.map(\.machineID)) == Set(machines.values), "\(why)")
        #expect(rows.allSatisfy { $0.refusal?.contains("requires role=nobody") == true }, "\(why)")
        let table = try await ctl("why named.service")
        #expect(table.exitCode == 0 && table.output.contains("\there"), "\(table)")
        try await ctl("destroy lost.service").expecting(0)
    }

    /// What happens to a unit while somebody looks.
    func checkEvents() async throws {
        try await put("seen.service", "MachineMetadata=role=worker")
        let script = """
            cd /tmp
            fleetctl events -f --json seen.service >events.log 2>&1 &
            trap "kill $!" EXIT
            seen() { grep -q "$1" events.log; }
            until seen unitWanted; do fleetctl start seen.service; fleetctl stop seen.service; done >/dev/null 2>&1
            fleetctl destroy seen.service >/dev/null
            until seen unitDestroyed; do sleep 0.2; done
            cat events.log
            """
        let told = try await cluster.exec(node, script, deadline: 60)
        let log = told.exitCode == 0 ? "" : try await cluster.exec(node, "cat /tmp/events.log").output
        #expect(told.exitCode == 0, "\(told)\n\(log)")
        #expect(told.output.split(separator: "\n").allSatisfy { $0.contains(#""unit":"seen.service""#) }, "\(told)")
    }

    func checkLists() async throws {
        struct Named: Decodable {
            var name: String?
            var id: String?
        }
        let states = try await ctl("list-units --json").expecting(0).json([Named].self)
        #expect(states.contains { $0.name == "named.service" })
        let files = try await ctl("list-unit-files --json").expecting(0).json([Named].self)
        #expect(files.contains { $0.name == "rival@1.service" })
        let known = try await ctl("list-machines --json").expecting(0).json([Named].self)
        #expect(Set(known.compactMap(\.id)) == Set(machines.values))
        let watching = """
            fleetctl list-units --watch --no-legend >/tmp/watch.log & trap "kill $!" EXIT
            until grep named.service /tmp/watch.log; do sleep 0.1; done
            """
        let watched = try await cluster.exec(node, watching)
        #expect(watched.exitCode == 0, "\(watched)")

        let oneshot = "[Service]\nType=oneshot\nExecStart=/bin/true\n"
        try await cluster.put(oneshot, "/tmp/once.service", on: node)
        try await ctl("start once.service").expecting(0)
        let outcome = try await ctl("list-units --no-legend --fields unit,outcome").expecting(0)
        let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("once.service") }
        #expect(line?.hasSuffix("\tdone") == true, "\(outcome)")
        try await ctl("destroy once.service").expecting(0)
    }

    /// fleet's own rules, and systemd's by the node's systemd.
    func checkVerify() async throws {
        let text = "[Service]\nType=simpel\nExecStart=/bin/sleep 1\n[X-Fleet]\nMachineMetadata=zone\n"
        try await cluster.put(text, "/tmp/wrong.service", on: node)
        let wrong = try await ctl("verify wrong.service")
        // systemd and fleet ignore such lines, so they are warnings.
        #expect(wrong.exitCode == 0, "\(wrong)")
        #expect(wrong.text.contains("wrong.service:2:") && wrong.text.contains("wrong.service:5:"), "\(wrong)")
        let systemd = try await ctl("verify --systemd wrong.service")
        #expect(systemd.text.contains("systemd: "), "\(systemd)")
        try await ctl("verify --systemd named.service").expecting(0)
        let completion = try await ctl("completion bash | bash -n && fleetctl help units | head -1")
        #expect(completion.exitCode == 0 && completion.output == "UNIT FILES\n", "\(completion)")
    }
}
