import Planning
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// What `slipway events` tells of two looks at a cluster.
@Suite struct ClusterChangeTests {
    /// A cluster of one member and one worker, with a unit on it.
    private func present(sourceLocation: SourceLocation = #_sourceLocation) throws -> Observation {
        let nodes = try Fixture.plan(Fixture.topology(members: 1, workers: 1)).nodes.map { node -> ObservedNode in
            var present = ObservedNode(node)
            present.phase = .ready
            return present
        }
        let machines = nodes.map { Identity.machineID(cluster: $0.cluster, node: $0.name) }
        let url = try #require(nodes[0].peerURL, sourceLocation: sourceLocation)
        let member = ObservedEtcd.Member(id: "1", name: "central-1", peerURLs: [url], healthy: true)
        let unit = ObservedFleet.Unit(
            name: "web.service",
            hash: "1",
            desiredState: .launched,
            states: [machines[1]: "active"],
        )
        return Observation(
            provider: ProviderObservation(nodes: nodes),
            etcd: ObservedEtcd(members: [member]),
            fleet: ObservedFleet(machines: Set(machines), units: ["web.service": unit]),
        )
    }

    private func told(_ change: (inout Observation) throws -> Void) throws -> [String] {
        let before = try present()
        var after = before
        try change(&after)
        return after.changes(since: before, in: "demo").map { change in
            let place = change.node.map { " on \($0)" } ?? ""
            return "\(change.isTrouble ? "! " : "")\(change.subject.rawValue) \(change.name)\(place) \(change.text)"
        }
    }

    @Test func nothingIsToldOfWhatStays() throws {
        #expect(try told { _ in } == [])
        // That nobody could say is no change.
        #expect(try told { $0.fleet = nil } == [])
    }

    @Test func nodes() throws {
        #expect(try told { $0.provider.nodes[1].power = .off } == ["! node worker-1 is off"])
        #expect(
            try told { $0.provider.nodes[1].power = .other } == ["! node worker-1 is paused, crashed or shutting down"]
        )
        #expect(try told { $0.provider.nodes[1].phase = .leaving } == ["node worker-1 is being removed"])
        #expect(try told { $0.provider.nodes[1].hasStorage = false } == ["! node worker-1 has lost its storage"])
        #expect(try told { $0.provider.nodes.removeLast() } == ["! node worker-1 is gone"])
        let came = try told { seen in
            var node = seen.provider.nodes[1]
            node.name = "worker-2"
            seen.provider.nodes.append(node)
        }
        #expect(came == ["node worker-2 is there: worker, container, 10.9.0.132"])
    }

    @Test func imagesThatNodesBoot() throws {
        var boot = ObservedBoot()
        boot.staged = ImageDigests(root: "bbbbbbbbbbbbbbbb", layer: "l")
        #expect(
            try told { $0.provider.nodes[1].boot = boot } == [
                "node worker-1 takes image bbbbbbbbbbbb at its next reboot"
            ]
        )
        boot.staged = nil
        boot.retreat = .init(image: ImageDigests(root: "bbbbbbbbbbbbbbbb", layer: "l"), time: 1, reason: "not well")
        #expect(
            try told { $0.provider.nodes[1].boot = boot }
                == ["! node worker-1 goes back from image bbbbbbbbbbbb by itself: not well"]
        )
    }

    @Test func etcd() throws {
        let lost = try told { $0.etcd?.members[0].healthy = false }
        #expect(lost == ["! etcd demo has no quorum", "! etcd central-1 is not healthy"])
        #expect(try told { $0.etcd = nil } == ["! etcd demo has no quorum"])
        let joined = try told { seen in
            let learner = ObservedEtcd.Member(
                id: "2",
                name: "",
                peerURLs: [],
                started: false,
                healthy: false,
                learner: true
            )
            seen.etcd?.members.append(learner)
        }
        #expect(joined == ["etcd a new member is a member without a vote, not started yet"])
        let full = try told { $0.etcd?.alarms = [ObservedEtcd.Alarm(member: "central-1", kind: "NOSPACE")] }
        #expect(full == ["! etcd central-1 raises the alarm NOSPACE"])
    }

    @Test func machinesAndUnits() throws {
        let worker = Identity.machineID(cluster: "demo", node: "worker-1")
        let central = Identity.machineID(cluster: "demo", node: "central-1")
        let moved = try told { seen in
            seen.fleet?.machines.remove(worker)
            seen.fleet?.units["web.service"]?.states = [central: "activating"]
        }
        #expect(
            moved == [
                "! machine worker-1 is not listed by fleet any more", "unit web.service on central-1 is activating",
                "unit web.service on worker-1 is not there any more",
            ]
        )
        let failed = try told { $0.fleet?.units["web.service"]?.states[worker] = "failed" }
        #expect(failed == ["! unit web.service on worker-1 is failed"])
        let ended = try told { seen in
            seen.fleet?.units["web.service"]?.states[worker] = "inactive"
            seen.fleet?.units["web.service"]?.ended = [worker]
        }
        #expect(ended == ["unit web.service on worker-1 has ended well"])
        let changed = try told { seen in
            seen.fleet?.units["web.service"]?.hash = "2"
            seen.fleet?.units["web.service"]?.desiredState = .loaded
            seen.fleet?.units["new.service"] = ObservedFleet.Unit(
                name: "new.service",
                hash: "3",
                desiredState: .launched,
                states: [:],
                reason: "no machine fits",
            )
        }
        #expect(
            changed == [
                "unit new.service is there, wanted launched", "! unit new.service is placed nowhere: no machine fits",
                "unit web.service is wanted loaded", "unit web.service has a new text",
            ]
        )
        #expect(try told { $0.fleet?.units = [:] } == ["unit web.service is destroyed"])
    }
}
