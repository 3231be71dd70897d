import Dashboard
import Etcd
import Planning
import Provisioning
import TestKit
import Testing
import UnitFiles

@testable import FleetState

/// A cluster as the page gets it, and what the page has to change.
@Suite struct ClusterDocumentTests {
    private static let ladder = ["storage", "defined", "on", "address", "etcd", "cloud_config", "fleet", "ready"]

    /// A node that boots, first as it is, then as the command that waits for it tells.
    @Test func aNodeClimbsItsLadder() throws {
        var look = try Fixture.look()
        look.observation.provider.nodes[4].phase = .started
        look.observation.fleet?.machines.remove(Fixture.machine("worker-2"))
        func climbed() -> [String] {
            ClusterDocument(look, cluster: "demo", host: "here").nodes[4].rungs.filter(\.done).map(\.name)
        }
        #expect(climbed() == ["storage", "defined", "on"])
        var lease = LeaseRecord(cluster: "demo", id: "1", holder: "ann@east", lock: "", time: 1000)
        let step = RunProgress.Running(id: "r", title: "worker-2", node: "worker-2", rungs: [.address, .cloudConfig])
        lease.progress = RunProgress(steps: 7, running: [step])
        look.lease = lease
        #expect(climbed() == ["storage", "defined", "on", "address", "cloud_config"])
        look.observation.fleet?.machines.insert(Fixture.machine("worker-2"))
        #expect(climbed() == ["storage", "defined", "on", "address", "etcd", "cloud_config", "fleet"])
        look.lease = nil
        #expect(climbed() == ["storage", "defined", "on", "address", "etcd", "fleet"])
        look.observation.fleet?.setUp = [Fixture.machine("worker-2")]
        #expect(climbed().contains("cloud_config"))
        look.observation.provider.nodes[4].phase = .ready
        #expect(climbed() == Self.ladder)
    }

    @Test func whoUsesAMember() throws {
        let users = MemberConnections.addresses([
            "  sl  local_address rem_address   st tx_queue rx_queue",
            "   0: 0A03470A:094B 8403470A:C350 01 00000000:0", "   1: 0A03470A:094B 8503470A:C350 06 00000000:0",
            "   2: 0A03470A:C351 8603470A:094B 01 00000000:0", "   3: 00000000:094B 00000000:0000 0A 00000000:0",
            "   4: 0000000000000000FFFF00000A03470A:094B 0000000000000000FFFF00008703470A:C352 01 00000000:0",
            "   5: 00000000000000000000000001000000:094B 00000000000000000000000001000000:C353 01 00000000:0",
        ])
        #expect(Set(users.map { "\($0)" }) == ["10.71.3.132", "10.71.3.135"])
    }

    @Test func partsAndLaddersOfNodes() throws {
        let document = ClusterDocument(try Fixture.look(), cluster: "demo", host: "here")
        #expect(document.head.isWell)
        #expect(document.head.host == "here")
        #expect(document.nodes.map(\.part) == ["follower", "leader", "follower", "proxy", "proxy"])
        #expect(document.nodes[0].rungs.map(\.name) == Self.ladder)
        #expect(document.nodes[3].rungs.map(\.name) == Self.ladder)
        #expect(document.nodes.allSatisfy { $0.rungs.allSatisfy(\.done) })
        #expect(document.etcd?.leader == "central-2")
        #expect(document.etcd?.term == 4)
        #expect(document.etcd?.members.map(\.index) == [51, 52, 53])
        #expect(document.units.map(\.states) == [["worker-1": "active"]])
    }

    @Test func whoWasElectedLastLeads() throws {
        var look = try Fixture.look()
        // One that was cut off still takes another for its leader.
        look.members["central-1"] = Fixture.status(of: 1, leader: 1, term: 3)
        #expect(look.leader == "central-2")
        look.members = ["central-3": Fixture.status(of: 3, leader: 1, term: 5)]
        #expect(look.leader == nil)
        #expect(look.leaderID?.rawValue == 1)
    }

    @Test func aMemberThatDies() throws {
        var look = try Fixture.look()
        look.observation.provider.nodes[1].power = .off
        look.observation.etcd?.members[1].healthy = false
        look.members["central-2"] = nil
        look.members["central-1"]?.leader = nil
        look.members["central-3"]?.leader = nil
        let document = ClusterDocument(look, cluster: "demo", host: "here")
        #expect(!document.head.isWell)
        #expect(document.etcd?.quorum == true)
        #expect(document.etcd?.leader == nil)
        #expect(document.etcd?.members.map(\.part) == ["follower", "silent", "follower"])
        #expect(document.nodes[1].rungs.filter(\.done).map(\.name) == ["storage", "defined", "fleet"])
        #expect(document.nodes[1].state == "off")
    }

    @Test func onlyWhatChangesIsTold() throws {
        var look = try Fixture.look()
        let before = ClusterDocument(look, cluster: "demo", host: "here")
        #expect(ClusterDelta(from: before, to: before) == nil)
        look.observation.fleet?.units["web.service"] = Fixture.unit(["worker-2": "activating"])
        look.observation.provider.nodes.removeFirst()
        let delta = try #require(ClusterDelta(from: before, to: ClusterDocument(look, cluster: "demo", host: "here")))
        #expect(delta.goneNodes == ["central-1"])
        #expect(delta.nodes == nil)
        #expect(delta.units?.map(\.states) == [["worker-2": "activating"]])
        #expect(delta.goneUnits == nil)
        look.observation.etcd = nil
        let last = ClusterDocument(look, cluster: "demo", host: "here")
        #expect(ClusterDelta(from: before, to: last)?.hasNoEtcd == true)
    }

    @Test func aUnitAndWhatMachinesSayToIt() throws {
        let registry = Keyspace()
        let text = "[Service]\nExecStart=/bin/true\n[X-Fleet]\nMachineMetadata=role=worker\n"
        func machine(_ id: String, _ role: String) -> (String, String) {
            let record = #"{"ID":"\#(id)","PublicIP":"","Metadata":{"role":"\#(role)"},"Version":"","Token":""}"#
            return (registry.machine(id), record)
        }
        let keys = [
            (registry.unit("web.service"), text), (registry.desired("web.service"), "launched"),
            (registry.schedule("web.service"), "b"), machine("a", "central"), machine("b", "worker"),
        ]
        let events = keys.map { key, value -> KeyEvent in
            .put(KeyValue(key: key, value: Array(value.utf8), createRevision: 1, modRevision: 1, version: 1))
        }
        var fleet = FleetSnapshot()
        _ = fleet.change(by: WatchBatch(revision: 1, events: events), registry)
        let unit = try #require(UnitDocument("web.service", in: fleet, names: ["a": "central-1", "b": "worker-1"]))
        #expect(unit.text.contains("ExecStart=/bin/true"))
        #expect(unit.places.map(\.node) == ["central-1", "worker-1"])
        #expect(unit.places.map(\.isHere) == [false, true])
        #expect(unit.places[0].refusal?.contains("role=worker") == true)
        #expect(unit.places[1].refusal == nil)
        #expect(UnitDocument("other.service", in: fleet, names: [:]) == nil)
    }

    @Test func whatANodeIsBusyWith() {
        let load = NodeLoad([
            "load 0.52 0.40 0.30 2/300 4711", "uptime 3600.12 7100.00", "MemTotal: 1024 kB", "MemAvailable: 512 kB",
            "  sl  local_address rem_address   st tx_queue rx_queue",
            "   0: 0100007F:0FA1 00000000:0000 0A 00000000:00000000", "   1: 8403470A:C350 0A03470A:094B 01 00000000:0",
            "   2: 8403470A:C351 0A03470A:094B 01 00000000:0", "   3: 8403470A:C352 0B03470A:094B 06 00000000:0",
            "   4: 0100007F:C353 0100007F:094B 01 00000000:0",
        ])
        #expect(load.load == 0.52)
        #expect(load.uptime == 3600.12)
        #expect(load.memory == 1 << 20)
        #expect(load.freeMemory == 512 << 10)
        #expect(load.members == ["10.71.3.10": 2])
        #expect(NodeLoad([]).members.isEmpty)
    }
}
