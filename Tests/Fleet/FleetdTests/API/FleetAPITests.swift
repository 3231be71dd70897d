import Etcd
import FleetState
import Fleetd
import Logging
import TestKit
import Testing
import UnitFiles

@Suite(.timeLimit(.minutes(5)))
struct FleetAPITests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func withAPI(tokenLimit: UInt16 = 100, _ body: (APIResponder, MachineSession) async throws -> Void)
        async throws
    {
        try await withFleetAPI(etcd, tokenLimit: tokenLimit, body)
    }

    private func put(_ api: APIResponder, _ name: String, _ body: String) async -> APIResponse {
        await api.respond(to: put(name, body))
    }

    private func put(_ name: String, _ body: String, types: [String] = ["application/json"]) -> APIRequest {
        APIRequest("PUT", "/fleet/v1/units/\(name)", contentTypes: types, body: body)
    }

    private func get(_ api: APIResponder, _ path: String, _ query: [String: String] = [:]) async -> String {
        let response = await api.respond(to: APIRequest("GET", path, query: query))
        return response.status == 200 ? response.body : "\(response.status) \(response.body)"
    }

    private static let hello = #"""
        {"name":"hello.service","options":[{"name":"ExecStart","section":"Service","value":"/bin/sleep 1 && true"}]}
        """#

    @Test func aUnitFromSubmitToDestroy() async throws {
        try await withAPI { (api, session) async throws in
            #expect(await put(api, "hello.service", Self.hello) == .empty(201))
            let options =
                #""options":[{"name":"ExecStart","section":"Service","value":"/bin/sleep 1 \u0026\u0026 true"}]"#
            let inactive =
                #"{"currentState":"inactive","desiredState":"inactive","name":"hello.service","# + options + "}"
            #expect(await get(api, "/fleet/v1/units/hello.service") == inactive)
            #expect(await get(api, "/v1-alpha/units") == #"{"units":["# + inactive + "]}")
            #expect(
                await put(api, "hello.service", #"{"desiredState":"launched","name":"hello.service"}"#) == .empty(204)
            )
            let leader = try #require(try await registry.campaign(session))
            let snapshot = try await registry.snapshot()
            _ = try await registry.apply([Placement(unit: "hello.service", .place(on: "m1"))], snapshot, leader)
            let change = StateChange(unit: "hello.service", state: .running("abc"))
            let revision = try await registry.publish([change], session)
            #expect(await api.watch.wait(until: revision, within: .seconds(30)))
            let launched =
                #"{"currentState":"launched","desiredState":"launched","machineID":"m1","name":"hello.service","#
                + options + "}"
            #expect(await get(api, "/fleet/v1/units/hello.service") == launched)
            let state =
                #"{"hash":"abc","machineID":"m1","name":"hello.service","systemdActiveState":"active","#
                + #""systemdLoadState":"loaded","systemdSubState":"running"}"#
            #expect(await get(api, "/fleet/v1/state") == #"{"states":["# + state + "]}")
            #expect(await get(api, "/fleet/v1/state/hello.service") == state)
            #expect(await get(api, "/fleet/v1/state", ["machineID": "m2"]) == "{}")
            let delete = APIRequest("DELETE", "/fleet/v1/units/hello.service")
            #expect(await api.respond(to: delete) == .empty(204))
            #expect(await api.respond(to: delete).status == 404)
        }
    }

    @Test func machinesAndTheirMetadata() async throws {
        try await withAPI { (api, _) async throws in
            let ip = MachineRecord.named("m1").primaryIP
            let page = { (metadata: String) in
                #"{"machines":[{"id":"m1","metadata":{\#(metadata)},"primaryIP":"\#(ip)"}]}"#
            }
            #expect(await get(api, "/fleet/v1/machines") == page(#""role":"web""#))
            let patch = #"[{"op":"add","path":"/m1/metadata/zone","value":{"value":"b"}}]"#
            let request = APIRequest(
                "PATCH",
                "/fleet/v1/machines",
                contentTypes: ["application/json"],
                body: patch
            )
            #expect(await api.respond(to: request) == APIResponse(status: 204, body: ""))
            #expect(await get(api, "/fleet/v1/machines") == page(#""role":"web","zone":"b""#))
        }
    }

    @Test(arguments: [
        (APIRequest("GET", "/"), 405, ""), (APIRequest("GET", "/fleet/v1"), 405, ""),
        (APIRequest("GET", "/fleet/v1/units/"), 404, ""), (APIRequest("GET", "/fleet/v2/units"), 404, ""),
        (APIRequest("GET", "/fleet/v1/units/x.service"), 404, "unit does not exist"),
        (APIRequest("GET", "/fleet/v1/state/x.service"), 404, "unit does not exist"),
        (APIRequest("DELETE", "/fleet/v1/units/x.service"), 404, "unit does not exist"),
        (APIRequest("POST", "/fleet/v1/units"), 405, "only GET supported against this resource"),
        (
            APIRequest("POST", "/fleet/v1/units/x.service"), 405,
            "only GET, PUT and DELETE supported against this resource"
        ),
        (APIRequest("GET", "/fleet/v1/units", query: ["nextPageToken": "ZQACAA=="]), 400, "token limit must be 100"),
        (
            APIRequest("GET", "/fleet/v1/units", query: ["nextPageToken": "ZAAAAA=="]), 400,
            "token page must be greater than zero"
        ),
        (APIRequest("GET", "/fleet/v1/machines", query: ["nextPageToken": "ZAAB"]), 400, "unexpected EOF"),
        (APIRequest("GET", "/fleet/v1/state", query: ["nextPageToken": ""]), 400, "EOF"),
        (
            APIRequest("GET", "/fleet/v1/state", query: ["nextPageToken": "ZA+C"]), 400,
            "illegal base64 data at input byte 2"
        ),
        (.twoTokens, 400, "too many values for page token"),
        (APIRequest("POST", "/fleet/v1/discovery"), 400, "only HTTP GET supported against this resource"),
        (APIRequest("PUT", "/fleet/v1/machines"), 405, "only GET and PATCH supported against this resource"),
        (APIRequest("POST", "/fleet/v1/state"), 405, "only GET supported against this resource"),
        (APIRequest("GET", "/v1-alpha"), 405, ""), (APIRequest("GET", "/fleet/v1/machines/"), 404, ""),
        (APIRequest("PUT", "/fleet/v1/units/x.service", body: "{}"), 415, "expected 1 Content-Type, got 0"),
        (
            APIRequest("PUT", "/fleet/v1/units/x.service", contentTypes: ["text/plain"], body: "{}"), 415,
            "only acceptable Content-Type is application/json"
        ),
    ])
    func refusals(_ request: APIRequest, _ status: Int, _ message: String) async throws {
        try await withAPI { (api, _) async throws in
            let body = #"{"error":{"code":\#(status),"message":"\#(message)"}}"#
            #expect(await api.respond(to: request) == APIResponse(status: status, body: body))
        }
    }

    @Test(arguments: [
        ("x.service", "{}", 409, "unit does not exist and options field empty"),
        ("hello.service", #"{"name":"hello.service"}"#, 409, "must provide DesiredState to update existing unit"),
        (
            "x.service", #"{"name":"y.service"}"#, 400,
            #"name in URL \"x.service\" differs from unit name in request body \"y.service\""#
        ),
        (
            "hello.service", #"{"desiredState":"sideways"}"#, 400,
            #"unable to decode body: invalid desiredState \"sideways\": inactive, loaded or launched"#
        ),
    ])
    func refusedWrites(_ name: String, _ body: String, _ status: Int, _ message: String) async throws {
        try await withAPI { (api, _) async throws in
            #expect(await put(api, "hello.service", Self.hello) == .empty(201))
            let expected = APIResponse(status: status, body: #"{"error":{"code":\#(status),"message":"\#(message)"}}"#)
            #expect(await put(api, name, body) == expected)
        }
    }

    @Test(arguments: [
        ("x", #"{"options":[{"name":"a","section":"b","value":"c"}]}"#),
        ("x.service", "{"), ("x.service", "[]"),
        ("x.service", #"{"options":[{"name":"a","section":"b","value":"c\n[Service]\nExecStart=/bad"}]}"#),
        ("x@.service", #"{"desiredState":"launched","options":[{"name":"a","section":"b","value":"c"}]}"#),
        (
            "x.service",
            #"{"options":[{"name":"MachineID","section":"X-Fleet","value":"m"},"#
                + #"{"name":"Conflicts","section":"X-Fleet","value":"y*"}]}"#
        ),
    ])
    func badUnitsAreRefused(_ name: String, _ body: String) async throws {
        try await withAPI { (api, _) async throws in
            #expect(await put(api, name, body).status == 400)
            #expect(try await registry.units() == [])
        }
    }

    @Test func pages() async throws {
        try await withAPI(tokenLimit: 2) { (api, _) async throws in
            var revision: Int64 = 0
            for number in 1...4 { revision = try await registry.create(unit: "\(number).service", .service()) }
            #expect(await api.watch.wait(until: revision, within: .seconds(30)))
            var (token, seen): (PageToken?, [Bool]) = (PageToken(limit: 2, page: 1), [])
            while let now = token {
                let body = await get(api, "/fleet/v1/units", ["nextPageToken": now.text])
                let next = PageToken(limit: 2, page: now.page + 1)
                token = body.contains(#""nextPageToken":"\#(next.text)""#) ? next : nil
                seen.append(body.contains(#""name":"\#(Int(now.page) * 2).service""#))
            }
            // The last page is full, so another one follows that is empty.
            #expect(seen == [true, true, false])
        }
    }

    @Test func anotherTextReplaces() async throws {
        try await withAPI { (api, _) async throws in
            #expect(await put(api, "hello.service", Self.hello) == .empty(201))
            let other = #"{"desiredState":"loaded","options":[{"name":"A","section":"B","value":"C"}]}"#
            #expect(await put(api, "hello.service", other) == .empty(201))
            #expect(await put(api, "hello.service", other) == .empty(204))
            #expect(try await registry.unit("hello.service")?.target == .loaded)
        }
    }

    @Test func whileEtcdIsAwayListsAreServedAndWritesAreNot() async throws {
        try await withAPI { (api, _) async throws in
            #expect(await put(api, "hello.service", Self.hello) == .empty(201))
            etcd.setOutage(.noQuorum)
            #expect(await get(api, "/fleet/v1/units").contains("hello.service"))
            let response = await api.respond(to: APIRequest("DELETE", "/fleet/v1/units/hello.service"))
            let body = #"{"error":{"code":503,"message":"fleet server unable to communicate with etcd"}}"#
            #expect(response == APIResponse(status: 503, body: body))
            etcd.setOutage(nil)
        }
    }

    /// The API of a fleetd that has just been started.
    private func starting(_ watch: ClusterWatch, _ presence: Presence, limit: Duration) -> APIResponder {
        let logger = FleetMachine.quiet
        return APIResponder(registry: registry, watch: watch, presence: presence, logger: logger, startLimit: limit)
    }

    @Test func aMachineThatIsNotRegisteredServesNothing() async throws {
        let watch = ClusterWatch(registry, logger: FleetMachine.quiet)
        let api = starting(watch, Presence(), limit: .milliseconds(1))
        #expect(await api.respond(to: APIRequest("GET", "/fleet/v1/units")).status == 503)
    }

    /// Clients do not see that fleetd is restarted.
    @Test func aMachineThatIsAboutToRegisterIsWaitedFor() async throws {
        let watch = ClusterWatch(registry, logger: FleetMachine.quiet)
        let presence = Presence()
        let api = starting(watch, presence, limit: .seconds(3600))
        let list = Task { await get(api, "/fleet/v1/units") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            presence.began(try await registry.register(.named("m1"), ttl: 600))
            #expect(await list.value == "{}")
            group.cancelAll()
        }
    }

    @Test func aMachineThatHasJustRegisteredIsInItsOwnList() async throws {
        let watch = ClusterWatch(registry, logger: FleetMachine.quiet)
        let before = Task { try await watch.run() }
        for await _ in watch.snapshots() { break }
        before.cancel()
        _ = await before.result
        let presence = Presence()
        presence.began(try await registry.register(.named("m1"), ttl: 600))
        let api = starting(watch, presence, limit: .seconds(3600))
        let list = Task { await get(api, "/fleet/v1/machines") }
        // A server that does not wait has answered by then.
        for _ in 0..<1000 { await Task.yield() }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            #expect(await list.value.contains("m1"))
            group.cancelAll()
        }
    }

    @Test func whoCannotRegisterIsNotWaitedFor() async throws {
        let watch = ClusterWatch(registry, logger: FleetMachine.quiet)
        let presence = Presence()
        presence.failed(RegistryError(.unavailable, "no etcd"))
        let api = starting(watch, presence, limit: .seconds(3600))
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            #expect(await watch.wait(until: 0, within: .seconds(30)))
            #expect(await api.respond(to: APIRequest("GET", "/fleet/v1/units")).status == 503)
            group.cancelAll()
        }
    }
}

extension APIRequest {
    fileprivate static var twoTokens: APIRequest {
        var request = APIRequest("GET", "/fleet/v1/units", query: ["nextPageToken": "ZAABAA=="])
        request.repeatedQuery = ["nextPageToken"]
        return request
    }
}

extension APIRequest: CustomTestStringConvertible {
    /// Request line, for the names of cases.
    package var testDescription: String { "\(method) \(path) \(query)" }
}
