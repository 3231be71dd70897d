import Basics
import CloudConfig
import Diagnostics
import TestKit
import Testing
import TopologyModel

@testable import Planning

/// What a cluster with TLS is given, and how it is renewed.
struct CertificateTests {
    /// 2026-11-26, at noon.
    private static let now: Int64 = 1_795_694_400

    private func topology(members: Int = 3, etcd: Bool = true, docker: Bool = false) -> Topology {
        var topology = Fixture.topology(members: members, workers: 1)
        topology.etcd.tls = etcd
        topology.docker.tls = docker
        return topology
    }

    private func plan(
        _ topology: Topology,
        _ observed: Observation = .nothing,
        renews: Bool = false,
        now: Int64 = now,
    ) throws -> Plan {
        try Planner(topology: topology, inputs: PlannerInputs.fixedWithCertificates(renews: renews, now: now)).plan(
            from: observed
        )
    }

    private func running(_ topology: Topology, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws
        -> Simulation
    {
        var cluster = Simulation()
        cluster.apply(try plan(topology))
        #expect(cluster.faults.isEmpty, "\(cluster.faults)", sourceLocation: sourceLocation)
        return cluster
    }

    // MARK: What a node is given

    @Test func aMemberGetsThreeKeysEachForThoseWhoNeedIt() throws {
        let text = try #require(try plan(topology()).nodes.first { $0.name == "central-1" }).userData
        for (path, owner, mode) in [
            ("server-key.pem", "etcd:etcd", "0600"), ("peer-key.pem", "etcd:etcd", "0600"),
            ("client-key.pem", "etcd:core", "0640"),
        ] {
            let start = try #require(text.firstRange(of: "path: /etc/ssl/etcd/\(path)"))
            let entry = String(text[start.lowerBound...].prefix(400))
            #expect(entry.contains(owner) && entry.contains(mode), "\(entry)")
        }
        #expect(text.contains("client_cert_auth: true") && text.contains("peer_client_cert_auth: true"))
        #expect(text.contains("etcd_cafile: /etc/ssl/etcd/ca.pem"))
        #expect(text.contains("ETCDCTL_CERT DEFAULT=/etc/ssl/etcd/client.pem"))
    }

    @Test func aProxyGetsTheClientsKeyOnly() throws {
        let text = try #require(try plan(topology()).nodes.first { $0.name == "worker-1" }).userData
        #expect(text.contains("client-key.pem") && !text.contains("server-key.pem") && !text.contains("peer-key.pem"))
        #expect(text.contains("peer_cert_file: /etc/ssl/etcd/client.pem"))
        #expect(!text.contains("client_cert_auth"))
    }

    @Test func noPlainPortOfEtcdIsLeft() throws {
        for node in try plan(topology()).nodes {
            for port in [2379, 2380, 4001] {
                let hosts = ["\(node.address)", "0.0.0.0", "127.0.0.1"]
                let plain = hosts.filter { node.userData.contains("http://\($0):\(port)") }
                #expect(plain.isEmpty, "\(node.name) speaks plain text on \(port)")
            }
            #expect(node.clientURL.hasPrefix("https://") && node.peerURL.hasPrefix("https://"))
        }
    }

    @Test func withoutTLSNothingOfItIsThere() throws {
        for node in try plan(topology(etcd: false)).nodes {
            #expect(!node.userData.contains(".pem") && !node.userData.contains("https") && node.certificates == nil)
        }
    }

    @Test func dockerListensForThoseWithACertificate() throws {
        let text = try plan(topology(etcd: false, docker: true)).nodes[0].userData
        #expect(text.contains("--tlsverify") && text.contains(":2376") && !text.contains(":2375"))
        #expect(text.contains("/etc/docker/docker-key.pem") && !text.contains("/etc/ssl/etcd"))
    }

    // MARK: Again

    @Test func aFinishedClusterPlansNothingOnAnyLaterDay() throws {
        let cluster = try running(topology())
        let later = try plan(topology(), cluster.observed, now: Self.now + 40 * 86_400)
        #expect(later.isEmpty, "\(later.outline)")
    }

    @Test func plansOfOneDayAgree() throws {
        #expect(try plan(topology(), now: Self.now) == plan(topology(), now: Self.now + 3600))
    }

    @Test func aNewNodeGetsTheGenerationThatTheOthersHave() throws {
        let cluster = try running(topology())
        var larger = topology()
        larger.roles[1].count = 2
        let plan = try plan(larger, cluster.observed, now: Self.now + 86_400 * 9)
        #expect(Set(plan.nodes.map(\.certificates)).count == 1)
        #expect(plan.steps.allSatisfy { $0.cost == .none }, "\(plan.outline)")
    }

    // MARK: Renewal

    @Test func membersAreRenewedOneByOne() throws {
        var cluster = try running(topology())
        let renewal = try plan(topology(), cluster.observed, renews: true)
        #expect(
            renewal.outline == """
                node/central-1/restart [restarts]: its certificates are renewed (generation 2)
                etcd/healthy/central-1: its certificates are renewed (generation 2) < node/central-1/restart
                node/central-1/ready: its certificates are renewed (generation 2) < node/central-1/restart etcd/healthy/central-1
                node/central-2/restart [restarts]: its certificates are renewed (generation 2) < etcd/healthy/central-1 node/central-1/ready
                etcd/healthy/central-2: its certificates are renewed (generation 2) < node/central-2/restart etcd/healthy/central-1
                node/central-2/ready: its certificates are renewed (generation 2) < node/central-2/restart etcd/healthy/central-2
                node/central-3/restart [restarts]: its certificates are renewed (generation 2) < etcd/healthy/central-2 node/central-2/ready
                etcd/healthy/central-3: its certificates are renewed (generation 2) < node/central-3/restart etcd/healthy/central-2
                node/central-3/ready: its certificates are renewed (generation 2) < node/central-3/restart etcd/healthy/central-3
                node/worker-1/restart [restarts]: its certificates are renewed (generation 2) < node/central-3/ready
                node/worker-1/ready: its certificates are renewed (generation 2) < node/worker-1/restart etcd/healthy/central-3

                """
        )
        cluster.apply(renewal)
        #expect(cluster.faults.isEmpty, "\(cluster.faults)")
        #expect(cluster.observed.provider.nodes.allSatisfy { $0.certificates?.number == 2 })
        #expect(try plan(topology(), cluster.observed).isEmpty)
    }

    @Test func aRenewalThatWasInterruptedGoesOn() throws {
        for steps in 1...10 {
            var cluster = try running(topology())
            cluster.apply(try plan(topology(), cluster.observed, renews: true), first: steps)
            cluster.apply(try plan(topology(), cluster.observed, now: Self.now + 86_400))
            #expect(cluster.faults.isEmpty, "\(steps): \(cluster.faults)")
            let numbers = cluster.observed.provider.nodes.map { $0.certificates?.number }
            #expect(numbers.allSatisfy { $0 == 2 }, "after \(steps) steps: \(numbers)")
        }
    }

    /// Ctrl-C while a member is being stopped.
    @Test func aMemberThatWasLeftOffComesBackFirst() throws {
        var cluster = try running(topology())
        cluster.apply(try plan(topology(), cluster.observed, renews: true), first: 3)
        cluster.disturb("central-2") { $0.power = .off }
        let rest = try plan(topology(), cluster.observed)
        #expect(rest.ids.first == "node/central-2/restart", "\(rest.outline)")
        cluster.apply(rest)
        #expect(cluster.faults.isEmpty, "\(cluster.faults)")
        #expect(cluster.observed.provider.nodes.allSatisfy { $0.certificates?.number == 2 })
    }

    @Test func theOnlyMemberComesBackWithNewOnes() throws {
        var cluster = try running(topology(members: 1))
        cluster.disturb("central-1") { $0.power = .off }
        var seen = cluster.observed
        (seen.etcd, seen.fleet) = (nil, nil)
        let renewal = try plan(topology(members: 1), seen, renews: true)
        #expect(Array(renewal.ids.prefix(2)) == ["node/central-1/restart", "etcd/quorum"], "\(renewal.outline)")
    }

    /// Nodes of three generations would not all trust each other.
    @Test func anotherRenewalFinishesTheOneThatWasInterrupted() throws {
        var cluster = try running(topology())
        cluster.apply(try plan(topology(), cluster.observed, renews: true), first: 4)
        let again = try plan(topology(), cluster.observed, renews: true)
        #expect(again.nodes.allSatisfy { $0.certificates?.number == 2 })
        cluster.apply(again)
        #expect(cluster.faults.isEmpty, "\(cluster.faults)")
        #expect(try plan(topology(), cluster.observed, renews: true).nodes[0].certificates?.number == 3)
    }

    @Test func neighboursTrustEachOtherAndOldOnesAreShutOut() {
        for number in 1...5 {
            let trusted = CertificateGeneration.trusted(by: number)
            #expect(trusted.contains(number) && trusted.contains(number + 1))
            #expect(CertificateGeneration.trusted(by: number + 1).contains(number))
            #expect(!CertificateGeneration.trusted(by: number + 2).contains(number))
        }
    }

    @Test func aClusterWithoutCertificatesHasNoneToRenew() throws {
        let error = #expect(throws: DiagnosticsError.self) { try plan(topology(etcd: false), renews: true) }
        #expect("\(String(describing: error))".contains("no certificates to renew"))
    }

    @Test func theirEndIsSaidInTime() throws {
        let cluster = try running(topology())
        let end = CertificateGeneration(number: 1, at: Self.now).notAfter
        func warnings(_ now: Int64) throws -> String {
            try plan(topology(), cluster.observed, now: now).warnings.map(\.message).joined()
        }
        #expect(try warnings(end - 61 * 86_400).isEmpty)
        #expect(try warnings(end - 10 * 86_400).contains("end in 10 days"))
        #expect(try warnings(end + 10).contains("have ended"))
    }

    @Test func whenTheyHaveEndedTheyAreRenewedWithoutAMajority() throws {
        var seen = try running(topology()).observed
        (seen.etcd, seen.fleet) = (nil, nil)
        let later = CertificateGeneration(number: 1, at: Self.now).notAfter + 1
        let renewal = try plan(topology(), seen, renews: true, now: later)
        let restarts = (1...3).map { "node/central-\($0)/restart" }
        #expect(Array(renewal.ids.prefix(4)) == restarts + ["etcd/quorum"], "\(renewal.outline)")
        #expect(renewal.step("etcd/quorum")?.needs == restarts.map { StepID($0) })
        #expect(renewal.nodes.allSatisfy { $0.certificates?.number == 2 })
    }

    // MARK: No way

    @Test(arguments: [true, false])
    func tlsIsNotSwitchedWhileTheClusterLives(first: Bool) throws {
        let cluster = try running(topology(etcd: first))
        let error = #expect(throws: DiagnosticsError.self) { try plan(topology(etcd: !first), cluster.observed) }
        #expect("\(String(describing: error))".contains("take it down first"))
    }

    @Test func generationsAreTheirText() {
        let generation = CertificateGeneration(number: 3, at: Self.now)
        #expect(CertificateGeneration("\(generation)") == generation)
        #expect(generation.issued % 86_400 == 0)
        for text in ["", "3", "0@5", "x@1", "1@", "1@2@3"] { #expect(CertificateGeneration(text) == nil) }
        #expect(CertificateGeneration(number: 1, at: 9) < CertificateGeneration(number: 2, at: 0))
    }
}
