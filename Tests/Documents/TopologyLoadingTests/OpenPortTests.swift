import Diagnostics
import Testing
import TopologyLoading
import TopologyModel

/// A port without TLS is open only where the file says twice that it is meant.
@Suite struct OpenPortTests {
    private func loaded(_ lines: String) -> LoadedTopology {
        Fixture.load("name: demo\n\(lines)\nroles: {core: {count: 1, etcd: member}}\n")
    }

    @Test(arguments: [
        "", "fleet: {tcp: false}", "fleet: {tcp: true, insecure: true}", "etcd: {tls: true}\nfleet: {tcp: true}",
        "fleet: {tcp: true, enabled: false}", "docker: {tcp: true, insecure: true}", "docker: {tcp: true, tls: true}",
        "docker: {tls: true}", "fleet: {insecure: true}",
    ])
    func isTaken(lines: String) {
        #expect(!loaded(lines).diagnostics.hasErrors, "\(loaded(lines).diagnostics)")
    }

    @Test(arguments: [
        "fleet: {tcp: true}", "fleet: {tcp: true, insecure: false}", "docker: {tcp: true}",
        "docker: {tcp: true, tls: false}", "etcd: {tls: false}\nfleet: {tcp: true}",
        "docker: {tls: true}\nfleet: {tcp: true}",
    ])
    func isRefused(lines: String) {
        let errors = loaded(lines).diagnostics.filter { $0.severity == .error }
        #expect(errors.count == 1)
        #expect(errors.first?.location?.column != nil && errors.first?.location?.line ?? 0 > 1)
        #expect(errors.first?.notes.last == "or write `insecure: true` beside it, where this is meant")
    }

    @Test func nothingListensByDefault() throws {
        let topology = try loaded("").checked()
        #expect(!topology.fleet.tcp && !topology.docker.tcp && !topology.docker.tls)
    }
}
