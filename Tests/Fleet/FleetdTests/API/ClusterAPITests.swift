import Etcd
import FleetState
import Fleetd
import TestKit
import Testing
import UnitFiles

@Suite(.timeLimit(.minutes(5)))
struct ClusterAPITests {
    let etcd = FakeEtcd()

    private func ask(_ api: APIResponder, _ method: String, _ path: String, _ body: String = "", query: String = "")
        async
        -> String
    {
        let types = body.isEmpty ? [] : ["application/json"]
        let target = "/fleet/v1/\(path)?\(query)"
        let request = APIRequest(method, target: target, contentTypes: types, body: Array(body.utf8))
        let response = await api.respond(to: request)
        return response.body.isEmpty ? "\(response.status)" : "\(response.status) \(response.body)"
    }

    @Test func waitingForChanges() async throws {
        @Sendable func revision(_ api: APIResponder, _ query: String, sourceLocation: SourceLocation = #_sourceLocation)
            async throws -> Int64
        {
            let answer = await ask(api, "GET", "changes", query: query)
            let digits = answer.drop { $0 != ":" }.filter(\.isNumber)
            return try #require(Int64(digits), "\(answer)", sourceLocation: sourceLocation)
        }
        try await withFleetAPI(etcd) { (api, _) async throws in
            let known = try await revision(api, "")
            #expect(try await revision(api, "since=\(known)&wait=0") == known)
            #expect(try await revision(api, "since=\(known - 1)") == known)
            async let next = revision(api, "since=\(known)")
            let created = try await FleetRegistry(etcd: etcd).create(unit: "a.service", .service("x"))
            #expect(try await next >= created)
            for query in ["wait=31", "wait=-1", "wait=x", "since=x"] {
                #expect(await ask(api, "GET", "changes", query: query).hasPrefix("400"))
            }
            #expect(await ask(api, "PUT", "changes").hasPrefix("405"))
        }
    }

    @Test func draining() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            #expect(await ask(api, "GET", "drains") == #"200 {"machines":[]}"#)
            #expect(await ask(api, "PUT", "drains/m1") == "204")
            #expect(await ask(api, "GET", "drains") == #"200 {"machines":["m1"]}"#)
            let missing = #"404 {"error":{"code":404,"message":"machine does not exist"}}"#
            #expect(await ask(api, "PUT", "drains/m2") == missing)
            #expect(await ask(api, "DELETE", "drains/m1") == "204")
            #expect(await ask(api, "DELETE", "drains/m1").hasPrefix("404"))
            #expect(await ask(api, "POST", "drains").hasPrefix("405"))
        }
    }

    @Test func rebalancing() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            #expect(await ask(api, "GET", "rebalance") == #"200 {"mode":"off"}"#)
            #expect(await ask(api, "PUT", "rebalance", #"{"mode":"automatic"}"#) == "204")
            #expect(await ask(api, "GET", "rebalance") == #"200 {"mode":"automatic"}"#)
            #expect(await ask(api, "PUT", "rebalance", #"{"mode":"sometimes"}"#).hasPrefix("400"))
            #expect(await ask(api, "PUT", "rebalance", #"{"mode":"off"}"#) == "204")
        }
    }

    @Test func updating() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let body = #"{"options":[{"section":"Service","name":"ExecStart","value":"/bin/new"}],"settleSeconds":0}"#
            #expect(await ask(api, "PUT", "updates/w@.service", body).hasPrefix("404"))
            let registry = FleetRegistry(etcd: etcd)
            for name in ["w@2.service", "w@.service", "w@1.service", "x@1.service"] {
                let revision = try await registry.create(unit: name, .service("old"))
                #expect(await api.watch.wait(until: revision, within: .seconds(30)))
            }
            #expect(await ask(api, "PUT", "updates/w@.service", #"{"options":[]}"#).hasPrefix("400"))
            #expect(await ask(api, "PUT", "updates/w@.service", body) == "201")
            #expect(await ask(api, "PUT", "updates/w@.service", body).hasPrefix("409"))
            let hash = UnitFile.service("/bin/new").hash.hex
            #expect(
                await ask(api, "GET", "updates") == #"200 {"updates":[{"hash":"\#(hash)","name":"w@.service","#
                    + #""phase":"rolling","updated":[],"waiting":["w@1.service","w@2.service","w@.service"]}]}"#
            )
            #expect(await ask(api, "DELETE", "updates/w@.service").hasPrefix("409"))
            #expect(await ask(api, "PUT", "updates/w@.service", #"{"abort":true}"#) == "204")
            #expect(await ask(api, "GET", "updates/w@.service").contains(#""phase":"rollingBack""#))
            let long = body.replacing(#""settleSeconds":0"#, with: #""settleSeconds":-1"#)
            #expect(await ask(api, "PUT", "updates/x@1.service", long).hasPrefix("400"))
        }
    }
}
