import Basics
import Planning
import Provisioning
import SmokeTests
import Terminal
import TestKit
import Testing
import TopologyModel
import UnitFiles

@testable import SlipwayCommands

struct TextTests {
    private let image = ImageDigests(root: "r00t", layer: "1ayer")

    private func topology(sourceLocation: SourceLocation = #_sourceLocation) throws -> Topology {
        let file = try UnitFile(parsing: "[Service]\nExecStart=/bin/sleep infinity\n")
        return Topology(
            name: "demo",
            network: NetworkSettings(cidr: try #require(CIDRv4("10.9.0.0/24"), sourceLocation: sourceLocation)),
            roles: [
                Role(name: "central", count: 1, etcd: .member),
                Role(name: "worker", count: 1, etcd: .proxy),
            ],
            units: [UnitDeployment(name: "hello.service", file: "hello.service", unit: file)],
        )
    }

    func plan(_ observed: Observation) throws -> Plan {
        return try Planner(topology: topology(), inputs: .fixed).plan(from: observed)
    }

    @Test func aPlanReadsStepByStep() throws {
        let plan = try plan(Observation(provider: ProviderObservation(), images: [image]))
        #expect(
            PlanText(plan: plan, style: .plain).text() == """
                Plan for cluster demo:

                +  network 10.9.0.0/24 (nat)              does not exist
                +  boot central-1 (container, 10.9.0.10)  does not exist
                .  etcd healthy on central-1              the members find each other
                .  central-1 ready                        it is a member
                +  boot worker-1 (container, 10.9.0.132)  does not exist
                .  worker-1 ready                         does not exist
                +  deploy hello.service (launched)        fleet does not have it yet
                .  1 unit as wanted                       the units may have moved

                8 steps, nothing destroyed.

                """
        )
    }

    @Test func aTeardownSaysWhatItDestroys() throws {
        let node = observedNode("worker-1", etcd: .proxy, address: "10.9.0.132")
        let plan = try Planner.tearDown("demo", observed: ProviderObservation(nodes: [node]))
        #expect(PlanText(plan: plan, style: .plain).text().hasSuffix("2 steps, 1 destroyed.\n"))
    }

    @Test func anInterruptedStepIsNoFailure() throws {
        let step = try #require(try plan(Observation(provider: ProviderObservation(), images: [image])).steps.first)
        let line = try JSONText.line(EventPayload(.failed(step, error: CancellationError())))
        #expect(line.contains("\"event\":\"interrupted\"") && !line.contains("error"), "\(line)")
        let failed = try JSONText.line(EventPayload(.failed(step, error: ProvisioningError("no room"))))
        #expect(failed.contains("\"event\":\"failed\"") && failed.contains("no room"), "\(failed)")
    }

    @Test func aSmokeTestSaysWhatItLeftOut() {
        let results = [
            SmokeResult(name: "members agree", outcome: .passed(note: nil), took: .milliseconds(5)),
            SmokeResult(name: "Docker works", outcome: .passed(note: "not on plain-1"), took: .seconds(2)),
            SmokeResult(name: "proxies serve", outcome: .notApplicable("no node is a proxy"), took: .zero),
        ]
        let report = SmokeReport(cluster: "demo", results: results)
        #expect(
            report.text(style: .plain) == """
                     CHECK          TOOK
                ok   members agree  5 ms
                ok   Docker works   2 s
                n/a  proxies serve  0 ms

                Docker works: not on plain-1
                proxies serve: no node is a proxy

                Cluster demo works.
                """
        )
    }

    @Test func anEmptyPlanSaysSo() throws {
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 1)
        #expect(PlanText(plan: plan, style: .plain).text() == "Nothing to do: cluster demo is as its file says.\n")
    }

    // MARK: Status

    func observedNode(_ name: String, etcd: EtcdRole, address: String) -> ObservedNode {
        let role = String(name.prefix { $0 != "-" })
        return ObservedNode(
            NodeSpec(cluster: "demo", name: name, role: role, index: 1, etcd: etcd, baseDigest: "b", generation: 1),
            power: .running,
            phase: .ready,
            address: IPv4Address(address),
            image: image,
        )
    }

    func seen(state: String) throws -> Observation {
        let worker = Identity.machineID(cluster: "demo", node: "worker-1")
        let machines: Set<String> = [worker, Identity.machineID(cluster: "demo", node: "central-1")]
        let network = ObservedNetwork(
            name: "slipway.demo",
            cluster: "demo",
            cidr: CIDRv4("10.9.0.0/24"),
            mode: .nat,
            bridge: nil,
            active: true,
        )
        let unit = ObservedFleet.Unit(
            name: "hello.service",
            hash: "h",
            desiredState: .launched,
            states: [worker: state],
        )
        return Observation(
            provider: ProviderObservation(
                nodes: [
                    observedNode("central-1", etcd: .member, address: "10.9.0.10"),
                    observedNode("worker-1", etcd: .proxy, address: "10.9.0.132"),
                ],
                networks: [network],
            ),
            etcd: ObservedEtcd(members: [
                .init(id: "1", name: "central-1", peerURLs: ["http://10.9.0.10:2380"], healthy: true)
            ]),
            fleet: ObservedFleet(machines: machines, units: ["hello.service": unit]),
        )
    }

    /// What etcd still has of them stays there, and is launched when fleet is switched on again.
    @Test func unitsOfAClusterWhoseFleetIsOffAreNotAmiss() throws {
        var seen = try seen(state: "failed")
        #expect(!StatusReport(seen, cluster: "demo").isWell)
        for index in seen.provider.nodes.indices { seen.provider.nodes[index].fleet = FleetReach.none }
        let report = StatusReport(seen, cluster: "demo")
        #expect(report.isWell && report.units == [])
    }

    @Test func aStatusShowsNodesAndUnits() throws {
        let report = StatusReport(try seen(state: "active"), cluster: "demo")
        #expect(report.isWell)
        let central = Identity.machineID(cluster: "demo", node: "central-1").prefix(8)
        let worker = Identity.machineID(cluster: "demo", node: "worker-1").prefix(8)
        #expect(
            report.text(style: .plain) == """
                Cluster demo on 10.9.0.0/24: etcd has a quorum.

                NODE       STATE  ADDRESS     RUNTIME    ETCD     FLEET   UNITS  MACHINE
                central-1  ready  10.9.0.10   container  healthy  listed  0      \(central)
                worker-1   ready  10.9.0.132  container  proxy    listed  1      \(worker)

                UNIT           WANTED    STATE
                hello.service  launched  active on worker-1

                """
        )
    }

    @Test func aUnitThatFailedIsNotWell() throws {
        #expect(!StatusReport(try seen(state: "failed"), cluster: "demo").isWell)
    }

    @Test func aUnitThatEndedWellIsWell() throws {
        var observed = try seen(state: "inactive")
        #expect(!StatusReport(observed, cluster: "demo").isWell)
        let worker = Identity.machineID(cluster: "demo", node: "worker-1")
        observed.fleet?.units["hello.service"]?.ended = [worker]
        let report = StatusReport(observed, cluster: "demo")
        #expect(report.isWell)
        #expect(try !JSONText.line(report).contains("isWell"))
    }

    @Test func twoEtcdClustersAreNotWell() throws {
        var observed = try seen(state: "active")
        observed.etcd?.clusterIDs = ["a1"]
        #expect(StatusReport(observed, cluster: "demo").isWell)
        observed.etcd?.clusterIDs = ["b2", "a1"]
        let report = StatusReport(observed, cluster: "demo")
        #expect(!report.isWell)
        #expect(report.text(style: .plain).contains("the members belong to 2 etcd clusters: a1, b2."))
    }

    @Test func anAlarmIsNotWellAndSaysWhatToDo() throws {
        var observed = try seen(state: "active")
        observed.etcd?.alarms = [ObservedEtcd.Alarm(member: "central-1", kind: "NOSPACE")]
        let report = StatusReport(observed, cluster: "demo")
        #expect(!report.isWell)
        let lines = report.text(style: .plain).split(separator: "\n").map(String.init)
        #expect(lines[1] == "etcd's database on central-1 is full, and etcd takes no writes (alarm NOSPACE).")
        #expect(lines[2] == "To make room: slipway maintain demo")
        #expect(try JSONText.line(report).contains(#""etcd_alarms":[{"kind":"NOSPACE","member":"central-1"}]"#))
    }

    @Test func eventsAreLinesAndObjects() throws {
        var after = try seen(state: "active")
        let worker = Identity.machineID(cluster: "demo", node: "worker-1")
        after.fleet?.units["hello.service"]?.states[worker] = "failed"
        let change = try #require(after.changes(since: seen(state: "active"), in: "demo").first)
        let line = ClusterEvents.line(change, at: 1_764_547_200.25, style: .plain)
        #expect(line.hasSuffix(".250 unit hello.service on worker-1 is failed"))
        let json = try JSONText.line(ClusterEvents.Payload(change, at: 1_764_547_200.25))
        #expect(json.contains(#""time":"2025-12-01T00:00:00.250Z""#) && json.contains(#""is_trouble":true"#), "\(json)")
    }

    @Test func historyIsATable() {
        let entry = HistoryEntry(
            time: 1,
            command: "slipway up demo.yaml",
            by: "ann@host",
            outcome: .failed,
            steps: 7,
            failed: ["node/a/ready"],
            seconds: 61.5,
        )
        let lines = ClusterHistoryList.table([entry]).format(style: .plain).split(separator: "\n")
        let row = lines[1].split(separator: " ").dropFirst(2).joined(separator: " ")
        #expect(row == "slipway up demo.yaml ann@host 7 failed: node/a/ready 1 min 2 s", "\(lines)")
        var others = [entry, entry]
        (others[0].outcome, others[0].failed, others[1].outcome) = (.begun, [], .left)
        let rest = ClusterHistoryList.table(others).format(style: .plain).split(separator: "\n").dropFirst()
        let words = rest.map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") }
        #expect(words == ["slipway up demo.yaml ann@host 7 begun -", "slipway up demo.yaml ann@host - - -"])
    }

    @Test func aClusterThatIsNotThereDoesNotExist() {
        #expect(!StatusReport(Observation(provider: ProviderObservation()), cluster: "demo").exists)
    }
}
