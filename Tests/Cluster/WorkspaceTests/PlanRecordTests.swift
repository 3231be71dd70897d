import Basics
import Diagnostics
import Foundation
import Planning
import SecureShell
import SystemPackage
import TestKit
import Testing
import TopologyModel

@testable import Workspace

/// A plan can be made again from its record, without a key of the host on which it was made.
struct PlanRecordTests {
    private static let now: Int64 = 1_795_694_400

    private func topology(
        workers: Int = 2,
        fleetMetadata: String = "a",
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws -> Topology {
        Topology(
            name: "demo",
            network: NetworkSettings(cidr: try #require(CIDRv4("10.9.0.0/24"), sourceLocation: sourceLocation)),
            etcd: EtcdSettings(tls: true),
            docker: DockerSettings(tls: true),
            roles: [
                Role(name: "core", count: 1, etcd: .member),
                Role(name: "worker", count: workers, etcd: .proxy, metadata: ["role": fleetMetadata]),
            ],
        )
    }

    /// Inputs of a host with a secret of its own.
    private func withInputs(_ body: (PlannerInputs) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        let secret = try HostSecret(directory: directory.filePath.appending("keys"))
        let keys = HostKeys(secret: secret, cluster: "demo")
        var inputs = PlannerInputs.fixed
        inputs.authorizedKeys = [try secret.ownKey().publicKey]
        inputs.hostKey = { try keys.pair(of: $0) }
        inputs.clusterKey = try secret.clusterKey(cluster: "demo")
        inputs.certificates = ClusterCertificates(secret: secret, cluster: "demo", now: Self.now).inputs(renews: false)
        try body(inputs)
    }

    private func replayed(_ record: PlanRecord) throws -> PlanRecord {
        try PlanRecord(json: record.json().utf8, file: "record.json")
    }

    @Test func aRecordPlansAsItsHostDid() throws {
        try withInputs { inputs in
            let topology = try topology()
            let first = try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: .init()))
            let observed = Observation(carriedOut: first)
            let now = try Planner(topology: topology, inputs: inputs).plan(from: observed)
            #expect(now.isEmpty)

            let record = try replayed(PlanRecord(of: topology, inputs: inputs, observed: observed))
            #expect(try record.plan(topology).isEmpty)
            // Other files are planned from the same record.
            let more = try self.topology(workers: 3)
            let own = try Planner(topology: more, inputs: inputs).plan(from: observed)
            #expect(try record.plan(more).steps.map(\.id) == own.steps.map(\.id))
            let changed = try self.topology(fleetMetadata: "b")
            let reconfigured = try record.plan(changed).steps.map(\.id)
            let expected = try Planner(topology: changed, inputs: inputs).plan(from: observed).steps.map(\.id)
            #expect(reconfigured == expected)
            #expect(!reconfigured.isEmpty)
        }
    }

    /// The only member is off and etcd silent: what stands in the way is the same, and no digest is taken for drift.
    @Test func aRefusalIsReplayedToo() throws {
        try withInputs { inputs in
            let topology = try topology()
            var observed = Observation(
                carriedOut: try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: .init()))
            )
            observed.provider.nodes[0].obstacle = .unreadable(path: "/node.json", reason: "it is empty")
            func refusal(_ plan: () throws -> Plan, sourceLocation: Testing.SourceLocation = #_sourceLocation)
                -> [String]
            {
                (#expect(throws: DiagnosticsError.self, sourceLocation: sourceLocation) { try plan() })?.diagnostics
                    .map(\.message) ?? []
            }
            let own = refusal { try Planner(topology: topology, inputs: inputs).plan(from: observed) }
            let record = try replayed(PlanRecord(of: topology, inputs: inputs, observed: observed))
            #expect(!own.isEmpty && refusal { try record.plan(topology) } == own)

            observed.provider.nodes[0].obstacle = nil
            observed.provider.nodes[0].power = .off
            observed.etcd = nil
            observed.fleet = nil
            let recovery = try Planner(topology: topology, inputs: inputs).plan(from: observed).steps.map(\.id)
            let silent = try replayed(PlanRecord(of: topology, inputs: inputs, observed: observed))
            #expect(try silent.plan(topology).steps.map(\.id) == recovery)

            var renewing = inputs
            renewing.certificates.renews = true
            let again = try replayed(
                PlanRecord(
                    of: topology,
                    inputs: renewing,
                    observed: Observation(
                        carriedOut: try Planner(topology: topology, inputs: inputs).plan(
                            from: Observation(provider: .init())
                        )
                    )
                )
            )
            #expect(try again.plan(topology).isEmpty)
        }
    }

    /// The parts that changed are those that change for everybody.
    @Test func reasonsStayReasons() throws {
        try withInputs { inputs in
            let topology = try topology()
            let plan = try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: .init()))
            var changed = topology
            changed.roles[0].resources.memoryMiB += 512
            changed.docker.insecureRegistries = ["10.0.0.1:5000"]
            let observed = Observation(carriedOut: plan)
            let own = try Planner(topology: changed, inputs: inputs).plan(from: observed)
            #expect(own.steps.contains { $0.reason == "its docker and memory changed" })
            let record = try replayed(PlanRecord(of: changed, inputs: inputs, observed: observed))
            #expect(try record.plan(changed).steps.map(\.reason) == own.steps.map(\.reason))
        }
    }

    @Test func driftStaysDrift() throws {
        try withInputs { inputs in
            let topology = try topology()
            var observed = Observation(
                carriedOut: try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: .init()))
            )
            observed.provider.nodes[2].configDigest = "an older one"
            let own = try Planner(topology: topology, inputs: inputs).plan(from: observed)
            let record = try replayed(PlanRecord(of: topology, inputs: inputs, observed: observed))
            #expect(!own.isEmpty)
            #expect(try record.plan(topology).steps.map(\.id) == own.steps.map(\.id))
        }
    }

    @Test func aRecordHoldsNoKey() throws {
        try withInputs { inputs in
            let topology = try topology()
            let plan = try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: .init()))
            #expect(plan.nodes.allSatisfy { $0.userData.contains("PRIVATE KEY") })
            let record = try PlanRecord(of: topology, inputs: inputs, observed: Observation(carriedOut: plan))
            let text = try record.json()
            for secret in ["KEY", "CERTIFICATE", "ssh-"] + plan.nodes.map(\.configDigest) {
                #expect(!text.contains(secret), "\(secret)")
            }
        }
    }

    @Test func aHostWithNothingNeedsNoRecord() throws {
        let topology = try topology()
        let plan = try PlanRecord(of: topology, time: Self.now).plan(topology)
        #expect(plan.steps.map(\.id.description).prefix(2) == ["network/create", "node/core-1/create"])
        #expect(try PlanRecord(of: topology, time: Self.now).plan(topology).nodes == plan.nodes)
    }

    @Test(arguments: [
        ("", "it is not JSON"), ("[]", " has a value of another kind"), ("{}", ".format is missing"),
        (#"{"format": 1}"#, ".time is missing"), (#"{"format": "1"}"#, ".format has a value of another kind"),
    ])
    func whatIsNoRecordIsToldSo(text: String, reason: String) {
        let error = #expect(throws: UserError.self) { try PlanRecord(json: Array(text.utf8), file: "r.json") }
        #expect(error?.description == "r.json is no record of `slipway plan --record`: \(reason)")
    }

    @Test func anotherFormatIsRefused() {
        let error = #expect(throws: UserError.self) {
            try PlanRecord(json: Array(#"{"format": 2}"#.utf8), file: "r.json")
        }
        #expect(error?.description == "r.json has format 2, and this slipway reads 1")
    }
}
