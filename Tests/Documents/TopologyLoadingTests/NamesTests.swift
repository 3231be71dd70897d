import Diagnostics
import Testing
import TopologyLoading
import TopologyModel

/// Names of nodes and units in a topology.
@Suite struct NamesTests {
    @Test func areOffUnlessTheFileAsksForThem() throws {
        #expect(try !Fixture.load(Fixture.topology()).checked().network.names)
        let topology = try Fixture.load(Fixture.topology(settings: "network: {names: true}")).checked()
        #expect(topology.network.names)
        #expect(topology.domain == "demo.slipway")
    }

    @Test func withoutFleetThereAreNone() {
        let settings = "network: {names: true}\nfleet: {enabled: false}"
        let found = Fixture.load(Fixture.topology(settings: settings)).diagnostics
        #expect(found.map(\.message) == ["names come from fleet, which is off"])
        #expect(found.hasErrors && found.first?.location?.line == 2)
    }

    @Test func whoHasNoPartInThemIsNamed() {
        let roles = """
            {core: {count: 1, etcd: member}, plain: {count: 1, etcd: none}, reader: {count: 1, etcd: readonly}, \
            cloud: {count: 1, etcd: proxy, runtime: vm, image: debian-12}, \
            flat: {count: 1, runtime: vm, image: {name: flatcar, kind: flatcar}}}
            """
        func said(_ settings: String) -> [Diagnostic] {
            Fixture.load(Fixture.topology(settings: settings, roles: roles)).diagnostics
        }
        let found = said("network: {names: true}").map(\.message).filter { !said("").map(\.message).contains($0) }
        #expect(
            found == [
                "role \"plain\" has no part in the cluster's names: its nodes run no fleet",
                "role \"reader\" has no part in the cluster's names: its nodes run no fleet",
                "names resolve on nodes of role \"cloud\" only if their image has dnsmasq",
                "role \"flat\" has no part in the cluster's names: its image has no fleet",
            ]
        )
    }

    @Test func aUnitThatANodesNameHidesIsNamed() {
        let text = Fixture.topology(
            settings: "network: {names: true}",
            roles: "{web: {count: 2, etcd: member}}",
            units: "[{file: units/web@.service, instances: 3}]",
        )
        let found = Fixture.load(text).diagnostics.map(\.message)
        #expect(
            found.filter { $0.contains("by name") } == [
                "web@1.service is not found by name: web-1.demo.slipway is a node",
                "web@2.service is not found by name: web-2.demo.slipway is a node",
            ]
        )
    }
}
