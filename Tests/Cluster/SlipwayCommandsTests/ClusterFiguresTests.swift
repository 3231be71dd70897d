import Etcd
import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel
import UnitFiles

@testable import SlipwayCommands

/// A cluster's figures for Prometheus.
@Suite struct ClusterFiguresTests {
    @Test func areAsTheyWere() throws {
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: .derived(fromCluster: "demo")),
            roles: [Role(name: "central", count: 1, etcd: .member), Role(name: "worker", count: 1, etcd: .proxy)],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        var nodes = plan.nodes.map { ObservedNode($0, phase: .ready) }
        nodes[0].certificates = CertificateGeneration(number: 2, issued: 1_795_651_200)
        nodes[1].power = .off
        var seen = Observation(provider: ProviderObservation(nodes: nodes))
        let machine = Identity.machineID(cluster: "demo", node: "central-1")
        seen.fleet = ObservedFleet(
            machines: [machine],
            units: [
                "a \"b\".service": ObservedFleet.Unit(
                    name: "a \"b\".service",
                    hash: "h",
                    desiredState: .launched,
                    states: [machine: "active"],
                )
            ],
        )
        let status = MemberStatus(
            member: MemberID(1),
            cluster: "c1",
            leader: MemberID(1),
            version: "3.4.23",
            revision: 7,
            raftTerm: 2,
            raftIndex: 19,
            databaseSize: 20_480,
        )
        let report = StatusReport(seen, cluster: "demo")
        let first = HistoryEntry(
            time: 1_795_651_200_000_000,
            command: "slipway up demo.yaml",
            by: "ada@laptop",
            outcome: .done,
            steps: 7,
            seconds: 3,
            rungs: ["central-1": ["address": 9], "worker-1": ["address": 0.5, "fleet": 2.25], "gone-1": ["fleet": 1]],
        )
        let last = HistoryEntry(
            time: 1_795_651_400_250_000,
            command: "slipway up demo.yaml --yes",
            by: "ada@laptop",
            outcome: .done,
            steps: 7,
            seconds: 3.25,
            rungs: ["central-1": ["etcd": 1.5, "address": 0.25]],
        )
        let upkeep = UpkeepFacts(
            backup: BackupMark(time: 1_795_651_300, revision: 6, size: 4096),
            history: [first, last],
        )
        let figures = ClusterFigures(report: report, seen: seen, members: ["central-1": status], upkeep: upkeep)
        try Golden.expect(figures.text, "metrics.txt")
    }

    /// Alerts on backups take a cluster that says nothing of its upkeep for one that has none.
    @Test func upkeepIsSaidWhereEtcdSaysIt() {
        let seen = Observation(provider: .init())
        let report = StatusReport(seen, cluster: "demo")
        let silent = ClusterFigures(report: report, seen: seen, members: [:], upkeep: nil).text
        let fresh = ClusterFigures(report: report, seen: seen, members: [:], upkeep: UpkeepFacts()).text
        #expect(!silent.contains("slipway_reboot_lock_max"))
        #expect(fresh.contains("slipway_reboot_lock_max{cluster=\"demo\"} 1\n"))
        #expect(!fresh.contains("slipway_backup_timestamp_seconds"))
    }
}
