import ArgumentParser
import Foundation
import Planning
import TestKit
import Testing
import TopologyLoading
import TopologyModel
import UnitFiles
import Workspace

@testable import SlipwayCommands

/// What `slipway plan` says in situations that people meet, as a specification: in `Golden/plans` each has a folder with
/// a topology file, whose first line says what the situation is, what is observed, as `plan --record` writes it, and the
/// plan. Planned as by `slipway plan --offline --observed FILE`.
@Suite struct PlanPairTests {
    /// A situation: the cluster as the file says, and what has become of it.
    struct Situation: CustomTestStringConvertible, Sendable {
        /// Folder in `Golden/plans`.
        var name: String
        /// Change of the file that makes it the one by which the cluster was brought up.
        var before: @Sendable (inout Topology) -> Void = { _ in }
        /// What happened to the cluster since.
        var change: @Sendable (inout Observation) -> Void = { _ in }
        /// False where nothing of the cluster was ever made.
        var isBegun = true

        var testDescription: String { name }
    }

    static let situations = [
        Situation(name: "nothing-exists", isBegun: false),
        Situation(name: "nothing-to-do"),
        Situation(
            name: "half-made",
            change: { observed in
                observed.provider.nodes.removeAll { $0.name != "central-1" }
                observed.provider.nodes[0].phase = .started
                observed.provider.nodes[0].etcdHistory = .forming("f1")
                (observed.etcd, observed.fleet) = (nil, nil)
            },
        ),
        Situation(name: "worker-lost", change: { disturb("worker-2", in: &$0, loseDirectory) }),
        Situation(name: "worker-repaired", change: { disturb("worker-2", in: &$0, loseDirectory) }),
        Situation(
            name: "worker-removed-by-hand",
            change: { observed in
                observed.provider.nodes.removeAll { $0.name == "worker-2" }
                observed.fleet?.machines.remove(Identity.machineID(cluster: "demo", node: "worker-2"))
            },
        ),
        Situation(
            name: "member-lost",
            change: { observed in
                disturb("central-2", in: &observed) { $0.lacksEtcdLog = true }
                observed.etcd?.members[1].healthy = false
            },
        ),
        Situation(name: "member-off", change: { powerOff("central-2", in: &$0) }),
        Situation(
            name: "quorum-lost",
            change: { observed in
                for name in ["central-2", "central-3"] { powerOff(name, in: &observed) }
                (observed.etcd, observed.fleet) = (nil, nil)
            },
        ),
        Situation(name: "scale-up", before: { $0.roles[1].count = 2 }),
        Situation(name: "scale-down", before: { $0.roles[1].count = 2 }),
        Situation(name: "unit-changed", change: { $0.fleet?.units["hello.service"]?.hash = "another" }),
        Situation(
            name: "unit-removed",
            change: { observed in
                observed.fleet?.units["old.service"] = ObservedFleet.Unit(
                    name: "old.service",
                    hash: "old",
                    desiredState: .launched,
                    states: [:],
                )
                observed.fleet?.deployed.insert("old.service")
            },
        ),
        Situation(name: "memory-changed", before: { $0.roles[1].resources.memoryMiB = 1024 }),
        Situation(
            name: "image-changed",
            change: { observed in
                for index in observed.provider.nodes.indices {
                    observed.provider.nodes[index].image = ImageDigests(root: "0lder", layer: "1ayer")
                }
            },
        ),
        Situation(name: "cloud-config-changed", before: { $0.docker.insecureRegistries = [] }),
        Situation(
            name: "changed-by-hand",
            change: { observed in
                let planned = DomainShape(memoryMiB: 1024, cpus: 1, devices: [])
                for index in observed.provider.nodes.indices {
                    (observed.provider.nodes[index].defined, observed.provider.nodes[index].live) = (planned, planned)
                }
                disturb("worker-1", in: &observed) { node in
                    node.defined?.memoryMiB = 2048
                    node.live?.memoryMiB = 2048
                }
            },
        ),
    ]

    private static func disturb(_ name: String, in observed: inout Observation, _ change: (inout ObservedNode) -> Void)
    {
        for index in observed.provider.nodes.indices where observed.provider.nodes[index].name == name {
            change(&observed.provider.nodes[index])
        }
    }

    private static func loseDirectory(_ node: inout ObservedNode) { node.hasStorage = false }

    private static func powerOff(_ name: String, in observed: inout Observation) {
        disturb(name, in: &observed) { $0.power = .off }
        if let index = observed.etcd?.members.firstIndex(where: { $0.name == name }) {
            observed.etcd?.members[index].healthy = false
        }
        observed.fleet?.machines.remove(Identity.machineID(cluster: "demo", node: name))
    }

    private func observed(_ situation: Situation, _ topology: Topology) throws -> Observation {
        guard situation.isBegun else { return Observation(provider: .init()) }
        var before = topology
        situation.before(&before)
        let first = try Planner(topology: before, inputs: .fixed).plan(from: Observation(provider: .init()))
        var observed = Observation(carriedOut: first)
        situation.change(&observed)
        return observed
    }

    /// A record whose sets, which are written in any order, have one.
    private static func ordered(_ json: Any) throws -> Any {
        if let object = json as? [String: Any] { return try object.mapValues(ordered) }
        guard let elements = json as? [Any] else { return json }
        return try elements.map(ordered).map { (text: try text($0), value: $0) }
            .sorted { $0.text < $1.text }.map(\.value)
    }

    private static func text(_ json: Any) throws -> String {
        let options: JSONSerialization.WritingOptions = [
            .prettyPrinted, .sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed,
        ]
        return String(decoding: try JSONSerialization.data(withJSONObject: json, options: options), as: UTF8.self)
    }

    @Test(arguments: situations)
    func isPlanned(_ situation: Situation) async throws {
        let folder = "plans/\(situation.name)"
        let path = Golden.directory().appending(path: folder).path
        let topology = try TopologyLoader().load(path: "\(path)/cluster.yaml").checked()
        let observed = try observed(situation, topology)
        let record = try PlanRecord(of: topology, inputs: .fixed, observed: observed)
        let json = try JSONSerialization.jsonObject(with: Data(record.json().utf8))
        try Golden.expect(try Self.text(Self.ordered(json)) + "\n", "\(folder)/observed.json")

        let recorder = OutputRecorder()
        let words = ["plan", "\(path)/cluster.yaml", "--offline", "--observed", "\(path)/observed.json"]
        let error = await Output.$recorder.withValue(recorder) { await SlipwayCommand.failure(of: words) }
        let code = error.map { SlipwayCommand.exitCode(for: $0).rawValue } ?? 0
        let text = (recorder.error + recorder.output).replacingOccurrences(of: path + "/", with: "")
        try Golden.expect("\(text)[exit code \(code)]\n", "\(folder)/plan.txt")
    }

    @Test func eachHasItsFolder() throws {
        try Golden.expectFiles(Self.situations.map(\.name) + ["units"], in: "plans")
    }
}
