import Etcd
import FleetAPI
import FleetState
import Fleetd
import TestKit
import Testing
import UnitFiles

/// What Go's JSON allows, and programs in Go send.
@Suite(.timeLimit(.minutes(5)))
struct GoClientTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func put(_ api: APIResponder, _ body: String) async -> APIResponse {
        let type = ["application/json"]
        return await api.respond(
            to: APIRequest("PUT", "/fleet/v1/units/a.service", contentTypes: type, body: body)
        )
    }

    @Test(arguments: ["", #","value":"""#, #","value":null"#])
    func anEmptyValueIsLeftOut(_ value: String) async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let start = #"{"name":"ExecStart","section":"Service","value":"/bin/true"}"#
            let options = #"[{"name":"ExecStart","section":"Service"\#(value)},\#(start)]"#
            #expect(await put(api, #"{"name":"a.service","options":\#(options)}"#) == .empty(201))
            let stored = try await registry.unit("a.service")?.unit.file.canonicalText
            #expect(stored == "[Service]\nExecStart=\nExecStart=/bin/true\n")
            let read = await api.respond(to: APIRequest("GET", "/fleet/v1/units/a.service"))
            #expect(read.body.contains(#""options":[{"name":"ExecStart","section":"Service"},\#(start)]"#))
        }
    }

    @Test func namesOfMembersHaveNoCase() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let option = #"{"Section":"Service","NAME":"ExecStart","Value":"/bin/true"}"#
            let body = #"{"Name":"a.service","DesiredState":"loaded","oPTIONS":[\#(option)]}"#
            #expect(await put(api, body) == .empty(201))
            #expect(try await registry.unit("a.service")?.target == .loaded)
            let patch = #"[{"Op":"add","path":"/m1/metadata/Zone","Value":{"VALUE":"b"}}]"#
            let answer = await api.respond(to: APIRequest("PATCH", "/fleet/v1/machines", body: patch))
            #expect(answer == APIResponse(status: 204, body: ""))
            let machines = await api.respond(to: APIRequest("GET", "/fleet/v1/machines"))
            #expect(machines.body.contains(#""metadata":{"Zone":"b","role":"web"}"#))
        }
    }

    /// What the original's `fleetctl restart` sends: it waits for a unit that it has asked to be loaded to be launched.
    @Test(arguments: [("google-api-go-client/0.5", ["launched", "loaded"]), ("fleetctl/1", ["loaded", "loaded"])])
    func anOldClientsRestartDoesNotWaitForEver(_ agent: String, _ shown: [String]) async throws {
        try await withFleetAPI(etcd) { (api, session) async throws in
            try await registry.create(unit: "a.service", .service(), target: .launched)
            let leader = try #require(try await registry.campaign(session))
            let snapshot = try await registry.snapshot()
            _ = try await registry.apply([Placement(unit: "a.service", .place(on: "m1"))], snapshot, leader)
            var state = UnitState.running()
            state.launched = false
            var put = APIRequest("PUT", "/fleet/v1/units/a.service", body: #"{"desiredState":"loaded"}"#)
            (put.contentTypes, put.userAgent) = (["application/json"], agent)
            #expect(await api.respond(to: put) == .empty(204))
            let revision = try await registry.publish([StateChange(unit: "a.service", state: state)], session)
            #expect(await api.watch.wait(until: revision, within: .seconds(30)))
            for word in shown {
                var get = APIRequest("GET", "/fleet/v1/units/a.service")
                get.userAgent = agent
                #expect(await api.respond(to: get).body.contains(#""currentState":"\#(word)""#))
            }
        }
    }

    /// Members of the same name without regard to case are one member, and one that is no member of fleet's is ignored.
    @Test(arguments: [
        (#"{"desiredState":7}"#, "desiredState has the wrong type"),
        (#"{"options":[{"name":"A","value":{}}]}"#, "options.0.value has the wrong type"),
        (#"[]"#, "the document has the wrong type"), ("{", "not a JSON document"),
        (#"{"Currentstate":"odd"}"#, #"invalid currentState \"odd\": inactive, loaded or launched"#),
    ])
    func whatIsNotUnderstoodIsToldWithoutWordsOfAProgram(_ body: String, _ message: String) async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let text = #"{"error":{"code":400,"message":"unable to decode body: \#(message)"}}"#
            #expect(await put(api, body) == APIResponse(status: 400, body: text))
        }
    }

    /// Go's server sends clients to the path without repeated slashes and dot segments.
    @Test(arguments: [
        ("//fleet/v1/units", "/fleet/v1/units"), ("/fleet/v1//units?alt=json&a=%20", "/fleet/v1/units?alt=json&a=%20"),
        ("/fleet/v1/./machines", "/fleet/v1/machines"), ("/fleet/v1/units/../state", "/fleet/v1/state"),
        ("/fleet/v1/units/a%40b.service/%2e", "/fleet/v1/units/a%40b.service"), ("/../..", "/"), ("//", "/"),
        ("/fleet//v1/units//", "/fleet/v1/units/"), ("//metrics", "/metrics"), ("//nothing", "/nothing"),
    ])
    func pathsAreCleaned(_ sent: String, _ location: String) async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let get = await api.respond(to: APIRequest("GET", target: sent, contentTypes: [], body: []))
            let link = location.replacing("&", with: "&amp;")
            #expect(get.status == 301 && get.location == location && get.contentType == "text/html; charset=utf-8")
            #expect(get.body == "<a href=\"\(link)\">Moved Permanently</a>.\n\n")
            let put = await api.respond(to: APIRequest("PUT", target: sent, contentTypes: [], body: []))
            #expect(put.status == 301 && put.location == location && put.body.isEmpty && put.contentType == nil)
        }
    }

    /// systemd ignores what stands in no section or has no name, with a warning; so the original took it.
    @Test(arguments: [
        ("{}", "[]\n=\n"), (#"{"section":"Service"}"#, "[Service]\n=\n"),
        (#"{"name":"A","value":"b"}"#, "[]\nA=b\n"), (#"{"section":"S","value":"[c]"}"#, "[S]\n=[c]\n"),
    ])
    func optionsMayBeEmpty(_ option: String, _ text: String) async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            #expect(await put(api, #"{"options":[\#(option)]}"#) == .empty(201))
            #expect(try await registry.unit("a.service")?.unit.file.canonicalText == text)
            #expect(await put(api, #"{"options":[\#(option)],"desiredState":"loaded"}"#) == .empty(204))
            let read = await api.respond(to: APIRequest("GET", "/fleet/v1/units/a.service"))
            let unit = try GoJSON.decode(APIUnit.self, Array(read.body.utf8))
            #expect(unit.options == (try GoJSON.decode(APIUnit.self, Array(#"{"options":[\#(option)]}"#.utf8))).options)
        }
    }
}
