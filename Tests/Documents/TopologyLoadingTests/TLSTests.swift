import Diagnostics
import Testing
import TopologyLoading
import TopologyModel

/// `etcd.tls` and `docker.tls`.
struct TLSTests {
    @Test func bothAreOffUnlessAskedFor() throws {
        let topology = try #require(Fixture.load(Fixture.topology()).topology)
        #expect(!topology.etcd.tls && !topology.docker.tls && !topology.usesCertificates)
    }

    @Test func eachIsAskedForByItself() throws {
        let etcd = try #require(Fixture.load(Fixture.topology(settings: "etcd: {tls: true}")).topology)
        #expect(etcd.etcd.tls && !etcd.docker.tls && etcd.usesCertificates)
        #expect(etcd.etcd.tlsLocation?.line == 2)
        let docker = try #require(Fixture.load(Fixture.topology(settings: "docker: {tls: true}")).topology)
        #expect(docker.docker.tls && !docker.etcd.tls && docker.usesCertificates)
    }

    @Test func readonlyProxiesAreRefusedBesideIt() {
        let roles = "{core: {count: 1, etcd: member}, reader: {count: 1, etcd: readonly}}"
        let report = Fixture.report(Fixture.topology(settings: "etcd: {tls: true}", roles: roles))
        #expect(report.first?.contains("role \"reader\" has readonly proxies") == true, "\(report)")
        #expect(Fixture.report(Fixture.topology(roles: roles)).allSatisfy { !$0.contains("TLS") })
    }

    @Test func onlyTrueAndFalseAreAnswers() {
        let report = Fixture.report(Fixture.topology(settings: "etcd: {tls: \"maybe\"}"))
        #expect(report.first?.contains("expected true or false for \"tls\"") == true, "\(report)")
    }
}
