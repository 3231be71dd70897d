import FleetState
import TestKit
import Testing
import UnitFiles

@testable import Fleetd

/// How many requests of etcd a request of a client takes: one, unless two clients are at one unit.
@Suite(.timeLimit(.minutes(5)))
struct WriteCostTests {
    let etcd = FakeEtcd()
    private static let text = #""options":[{"section":"Service","name":"ExecStart","value":"/bin/sleep 1"}]"#
    private static let other = #""options":[{"section":"Service","name":"ExecStart","value":"/bin/sleep 2"}]"#

    private func ask(_ api: APIResponder, _ method: String, _ body: String = "") async -> Int {
        let path = "/fleet/v1/units/a.service"
        let request = APIRequest(method, path, contentTypes: ["application/json"], body: body)
        return await api.respond(to: request).status
    }

    @Test func eachWriteIsOneRequest() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let writes = [
                ("PUT", "{\(Self.text)}", 201), ("PUT", #"{"desiredState":"launched"}"#, 204),
                ("PUT", #"{"desiredState":"loaded"}"#, 204), ("PUT", "{\(Self.other)}", 201), ("DELETE", "", 204),
                ("PUT", #"{\#(Self.text),"desiredState":"launched"}"#, 201),
            ]
            for (method, body, status) in writes {
                let before = etcd.requests
                #expect(await ask(api, method, body) == status, "\(method) \(body)")
                #expect(etcd.requests == before + 1, "\(method) \(body)")
            }
        }
    }

    /// The copy is behind when another machine's fleetd has written: the registry says what there is then.
    @Test func aCopyThatIsBehindDecidesNothing() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let registry = FleetRegistry(etcd: etcd)
            let stale = try api.snapshot()
            try await registry.create(unit: "a.service", .service("1"), target: .launched)
            #expect(stale.units["a.service"] == nil)
            #expect(await ask(api, "PUT", #"{"desiredState":"loaded"}"#) == 204)
            #expect(try await registry.unit("a.service")?.target == .loaded)
            try await registry.destroy(unit: "a.service")
            #expect(await ask(api, "DELETE") == 404)
            #expect(await ask(api, "PUT", #"{"desiredState":"loaded"}"#) == 409)
            #expect(await ask(api, "PUT", "{\(Self.text)}") == 201)
        }
    }

    /// Somebody else gave the unit another text, of which the copy does not know yet: a client that sends the old text
    /// gets the old text.
    @Test func aTextIsNotTakenForAnothersThatIsNewer() async throws {
        let registry = FleetRegistry(etcd: etcd)
        let known = UnitFile(options: [UnitOption(section: "Service", name: "ExecStart", value: "/bin/sleep 1")])
        try await registry.create(unit: "a.service", known, target: .loaded)
        try await withFleetAPI(etcd) { (api, _) async throws in
            let revision = try #require(try api.snapshot().units["a.service"]).revision
            try await registry.replace(unit: "a.service", .service("2"), target: .loaded)
            let error = await #expect(throws: RegistryError.self) {
                try await registry.setTarget(.launched, of: "a.service", since: revision)
            }
            #expect(error?.code == .changedMeanwhile)
            let status = await ask(api, "PUT", #"{\#(Self.text),"desiredState":"launched"}"#)
            #expect(status == 201)
            let unit = try #require(try await registry.unit("a.service"))
            #expect(unit.unit.file.options.map(\.value) == ["/bin/sleep 1"])
            #expect(unit.target == .launched)
        }
    }

    @Test func nullIsAnObjectWithoutMembers() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in #expect(await ask(api, "PUT", "null") == 409) }
    }
}
