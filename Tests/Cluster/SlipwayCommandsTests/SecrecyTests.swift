import Basics
import Certificates
import Foundation
import Planning
import Provisioning
import SecureShell
import SystemPackage
import Terminal
import TestKit
import Testing
import TopologyModel

@testable import SlipwayCommands
@testable import Workspace

/// Keys are in what nodes are given, and nowhere else that Slipway writes or prints.
struct SecrecyTests {
    private static let marker = "PRIVATE KEY"

    private func withSecret(_ body: (HostSecret) throws -> Void) throws {
        try TemporaryDirectory.withPath { try body(try HostSecret(directory: FilePath($0).appending("keys"))) }
    }

    private func plan(_ secret: HostSecret, sourceLocation: SourceLocation = #_sourceLocation) throws -> Plan {
        let keys = HostKeys(secret: secret, cluster: "demo")
        let certificates = ClusterCertificates(secret: secret, cluster: "demo", now: 1_795_694_400)
        var inputs = PlannerInputs.fixed
        inputs.authorizedKeys = [try secret.ownKey().publicKey]
        inputs.hostKey = { try keys.pair(of: $0) }
        inputs.clusterKey = try secret.clusterKey(cluster: "demo")
        inputs.certificates = certificates.inputs(renews: false)
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: try #require(CIDRv4("10.9.0.0/24"), sourceLocation: sourceLocation)),
            etcd: EtcdSettings(tls: true),
            docker: DockerSettings(tls: true),
            roles: [Role(name: "core", count: 1, etcd: .member), Role(name: "worker", count: 1, etcd: .proxy)],
        )
        return try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: ProviderObservation()))
    }

    @Test func noOutputHoldsAKey() throws {
        try withSecret { secret in
            let plan = try plan(secret)
            // The test is of use only where there are keys to be seen: ssh's two, etcd's three or one, Docker's,
            // and two CAs for each of the two.
            #expect(plan.nodes.map { $0.userData.components(separatedBy: "BEGIN ").count - 1 } == [16, 12])
            var outputs = [
                PlanText(plan: plan, style: .plain).text(), try JSONText.pretty(PlanPayload(plan)),
                try JSONText.line(PlanPayload(plan)),
            ]
            outputs += plan.nodes.map { SecretText.redacted($0.userData) }
            for step in plan.steps {
                let error = ProvisioningError("it failed", evidence: ["a line"])
                let events: [Event] = [
                    .started(step), .progress(step: step.id, text: "waiting"), .finished(step, took: .zero),
                    .failed(step, error: error), .notStarted(step),
                ]
                outputs += try events.map { try JSONText.line(EventPayload($0)) }
            }
            for output in outputs { #expect(!output.contains(Self.marker)) }
        }
    }

    @Test func everyRunAndCheckoutDerivesTheSame() throws {
        try withSecret { secret in
            let (first, second) = (try plan(secret), try plan(secret))
            #expect(first.nodes.map(\.userData) == second.nodes.map(\.userData))
        }
    }

    @Test func aNodeTrustsThreeGenerations() throws {
        try withSecret { secret in
            let certificates = ClusterCertificates(secret: secret, cluster: "demo", now: 1_795_694_400)
            let first = try certificates.authorities(trustedBy: 1).components(separatedBy: "-----BEGIN")
            let third = try certificates.authorities(trustedBy: 3).components(separatedBy: "-----BEGIN")
            #expect(first.count == 3 && third.count == 4)
            #expect(third[1] == first[2] && !third.contains(first[1]))
        }
    }

    @Test func clustersAndHostsShareNothing() throws {
        try withSecret { one in
            try withSecret { other in
                let now: Int64 = 1_795_694_400
                let certificates = [
                    ClusterCertificates(secret: one, cluster: "demo", now: now),
                    ClusterCertificates(secret: one, cluster: "demo2", now: now),
                    ClusterCertificates(secret: other, cluster: "demo", now: now),
                ]
                let authorities = try certificates.map { try $0.authorities(trustedBy: 1) }
                let keys = try certificates.map { try $0.operatorCertificate(1).privateKey }
                #expect(Set(authorities).count == 3)
                #expect(Set(keys).count == 3)
            }
        }
    }

    @Test func filesForOtherProgramsAreTheOwnersAlone() throws {
        try withSecret { secret in
            let certificates = ClusterCertificates(secret: secret, cluster: "demo", now: 1_795_694_400)
            let files = ClientFiles(directory: secret.directory.appending("certificates"))
            try files.write(
                authority: certificates.authorities(trustedBy: 1),
                own: certificates.operatorCertificate(1),
            )
            for path in [files.authority, files.certificate, files.key] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            }
            let attributes = try FileManager.default.attributesOfItem(atPath: files.directory.string)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        }
    }
}
