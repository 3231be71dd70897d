import Foundation

/// A cluster in which things are broken on purpose, with units that show it: one everywhere and ten that may run
/// anywhere.
struct Faults: Sendable {
    let cluster: TestCluster
    /// Machine IDs by node name.
    let machines: [String: String]
    let processes: ProcessWatch

    var nodes: [String] { machines.keys.sorted() }

    init(_ cluster: TestCluster, _ processes: ProcessWatch) async throws {
        self.cluster = cluster
        self.processes = processes
        machines = Dictionary(
            uniqueKeysWithValues: try await cluster.status().nodes.map { ($0.name, $0.machine_id ?? "") }
        )
    }

    func fleet(on node: String) -> FleetNode { FleetNode(cluster: cluster, node: node, machines: machines) }

    /// A unit whose process has a name of its own.
    private static func text(_ name: String, _ fleet: String = "") -> String {
        "[Service]\nExecStart=@/bin/sleep fault-\(name) infinity\n\(fleet)"
    }

    func startUnits(from node: String) async throws {
        try await cluster.put(
            Self.text("everywhere", "[X-Fleet]\nGlobal=true\n"),
            "/tmp/fault-everywhere.service",
            on: node
        )
        try await cluster.put(Self.text("%i"), "/tmp/fault@.service", on: node)
        let names = (1...10).map { "fault@\($0)" }.joined(separator: " ")
        try await fleet(on: node).ctl("start fault-everywhere \(names)").expecting(0)
        _ = try await waitForUnits("the start", on: nodes)
    }

    /// Waits until on these nodes each of the ten runs once, and the other on all of them.
    func waitForUnits(_ what: String, on nodes: [String], within limit: Duration = .seconds(40)) async throws
        -> RunningUnits
    {
        let deadline = ContinuousClock.now + limit
        while true {
            let seen: String
            do {
                let running = try await RunningUnits(cluster, on: nodes)
                let places = nodes.flatMap { running.names("fault@", on: $0) }
                let everywhere = nodes.count { !running.names("fault-everywhere", on: $0).isEmpty }
                if Set(places).count == 10, places.count == 10, everywhere == nodes.count { return running }
                seen = "\(running)"
            } catch {
                // A node that boots does not let anybody in yet.
                seen = "\(error)"
            }
            guard ContinuousClock.now < deadline else {
                throw Unexpected("\(limit) after \(what) not each of ten units runs once:\n\(seen)")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    func running(on some: [String]? = nil) async throws -> RunningUnits {
        try await RunningUnits(cluster, on: some ?? nodes)
    }

    func requireNeverTwice(since start: Date, during what: String) throws {
        let overlaps = processes.overlaps(since: start)
        guard overlaps.isEmpty else {
            throw Unexpected(
                "during \(what) ran twice at once:\n\(overlaps.map(\.description).joined(separator: "\n"))"
            )
        }
    }

    /// The node whose engine leads, as another one sees it.
    func engineLeader(from node: String) async throws -> String {
        let id = try await cluster.output(node, "etcdctl get --print-value-only /_coreos.com/fleet/engine")
        guard let leader = machines.first(where: { $0.value == id })?.key else {
            throw Unexpected("no engine leads: \(id) is none of \(machines)")
        }
        return leader
    }

    /// Waits until etcd has these machines and no others.
    func waitForMachines(_ names: [String], from node: String) async throws {
        let wanted = names.compactMap { machines[$0] }.sorted().joined(separator: "\n")
        let list = "etcdctl get --prefix --keys-only /_coreos.com/fleet/machine/ | grep . | sed 's,.*/,,' | sort"
        let script = """
            for i in $(seq 200); do
                [ "$(\(list))" != '\(wanted)' ] || exit 0
                sleep 0.1
            done
            \(list); exit 1
            """
        let ran = try await cluster.exec(node, script)
        guard ran.exitCode == 0 else { throw Unexpected("the machines should be \(names) (\(wanted)): \(ran)") }
    }

    /// Removes every unit there is, and checks that nothing of any is left in etcd or on a node.
    func requireNoGarbage(from node: String) async throws {
        let fleet = fleet(on: node)
        let units = try await fleet.ctl("list-unit-files --no-legend --fields=unit").expecting(0).output
        let names = units.split(separator: "\n").map { "'\($0)'" }.joined(separator: " ")
        try await fleet.ctl("destroy \(names)").expecting(0)
        let keys = "etcdctl get --prefix --keys-only /_coreos.com/fleet/ > /tmp/keys"
        let rest = "grep . /tmp/keys | grep -v -e /fleet/machine/ -e '/fleet/engine$' || true"
        try await wait(node, "etcd still has", "\(keys) && { \(rest); }")
        for node in nodes {
            try await wait(
                node,
                "there still is",
                "sudo ls -A /run/fleet/units && sudo find /run/systemd/system -xtype l"
            )
        }
    }

    /// Waits until a command succeeds and prints nothing.
    private func wait(_ node: String, _ what: String, _ command: String) async throws {
        let script = """
            for i in $(seq 200); do
                ! found=$(\(command)) || [ -n "$found" ] || exit 0
                sleep 0.1
            done
            echo "$found"; exit 1
            """
        let ran = try await cluster.exec(node, script)
        guard ran.exitCode == 0 else { throw Unexpected("\(what), on \(node), 20 s after all was destroyed: \(ran)") }
    }
}
