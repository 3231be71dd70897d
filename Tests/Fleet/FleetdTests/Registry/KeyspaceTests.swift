import Basics
import Etcd
import FleetState
import TestKit
import Testing
import UnitFiles

/// fleet's whole state in etcd: a cluster's nodes of two versions read and write it side by side.
@Suite struct KeyspaceTests {
    @Test func everyKeyIsAsItWas() async throws {
        let etcd = FakeEtcd()
        let fleet = FleetRegistry(etcd: etcd)
        try await fill(fleet)
        let stored = try await etcd.range(RangeRequest(.prefix("/")))
        let lines = stored.keyValues.map { entry in
            let lease = entry.lease.map { " (lease \($0.rawValue))" } ?? ""
            let value = entry.text.split(separator: "\n", omittingEmptySubsequences: false)
            return "\(entry.key)\(lease)\n" + value.map { "  | \($0)\n" }.joined()
        }
        try Golden.expect(lines.joined(), "keyspace.txt")
    }

    /// One key of every kind at least.
    private func fill(_ fleet: FleetRegistry) async throws {
        var machine = MachineRecord(
            id: "4d1c9a0f",
            primaryIP: "10.9.0.10",
            metadata: ["role": "web"],
            version: "1.0.0",
            token: "boot-1",
        )
        machine.memory = 1 << 30
        machine.cpus = 2
        machine.leavesOnRequest = true
        machine.hostname = "worker-1"
        let session = try await fleet.register(machine, ttl: 5)
        _ = try await fleet.register(MachineRecord(id: "b4b2", primaryIP: "10.9.0.11"), ttl: 30)
        let leader = try #require(try await fleet.campaign(session))
        try await fleet.setMetadata([("4d1c9a0f", "disk", "ssd"), ("4d1c9a0f", "role", nil)])
        _ = try await fleet.setDraining(true, "b4b2")
        try await fleet.setRebalance(.automatic)
        let web = UnitFile.service(fleet: [("MachineMetadata", "role=web"), ("Conflicts", "web@*.service")])
        for (name, target) in [
            ("web@1.service", TargetState.launched), ("web@2.service", .loaded), ("a.service", .inactive),
        ] {
            try await fleet.create(unit: name, web, target: target)
        }
        let placements = [
            Placement(unit: "web@1.service", .place(on: "4d1c9a0f")),
            Placement(unit: "web@2.service", .explain("no machine has role=web")),
        ]
        _ = try await fleet.apply(placements, try await fleet.snapshot(), leader)
        var state = UnitState(
            loadState: "loaded",
            activeState: "active",
            subState: "running",
            hash: web.hash.hex,
            launched: true,
        )
        state.address = IPv4Address("10.1.5.2")
        try await fleet.publish([StateChange(unit: "web@1.service", state: state)], session)
        var update = UpdateRecord(text: "[Service]\n", hash: "new", waiting: ["web@2.service"])
        update.texts = ["old": "[Service]\nNice=1\n"]
        update.current = UpdateRecord.Previous(unit: "web@1.service", hash: "old")
        _ = try await fleet.begin(update: "web@.service", update, replacing: nil)
    }
}
