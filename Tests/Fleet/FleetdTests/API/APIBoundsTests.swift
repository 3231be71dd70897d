import Basics
import FleetState
import Fleetd
import Foundation
import TestKit
import Testing

@testable import Fleetd

@Suite(.timeLimit(.minutes(5)))
struct APIBoundsTests {
    let etcd = FakeEtcd()

    private func put(_ body: String, _ api: APIResponder) async -> APIResponse {
        let types = ["application/json"]
        return await api.respond(to: APIRequest("PUT", "/fleet/v1/units/x.service", contentTypes: types, body: body))
    }

    @Test func aUnitOfMoreThanAMegabyteIsRefused() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let option = #"{"name":"A","section":"B","value":"\#(String(repeating: "c", count: 2000))"}"#
            let body = { (count: Int) in
                #"{"options":[\#(Array(repeating: option, count: count).joined(separator: ","))]}"#
            }
            #expect(await put(body(600), api).status == 413)
            #expect(await put(body(500), api).status == 201)
        }
    }

    @Test func deepJSONIsRefused() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let response = await put(String(repeating: "[", count: 100_000), api)
            #expect(response.status == 400)
        }
    }

    @Test(arguments: [
        (#"[{"op":"add","path":"/m1/metadata/k","value":"\#(String(repeating: "v", count: 4097))"}]"#, 400),
        (#"[{"op":"add","path":"/m1/metadata/\#(String(repeating: "k", count: 129))","value":"v"}]"#, 400),
        (#"[{"op":"add","path":"/m1/metadata/k","value":"a\nb"}]"#, 400),
        ("[\(Array(repeating: #"{"op":"remove","path":"/m/metadata/k"}"#, count: 101).joined(separator: ","))]", 413),
    ])
    func boundsOfMetadata(_ body: String, _ status: Int) async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let response = await api.respond(to: APIRequest("PATCH", "/fleet/v1/machines", body: body))
            #expect(response.status == status)
        }
    }

    @Test func onlyWritersWrite() async throws {
        try await withFleetAPI(etcd, access: APIAccess(writers: [1000])) { (api, _) async throws in
            let status = { (method: String, peer: APIPeer) async -> Int in
                var request = APIRequest(method, "/fleet/v1/units/x.service")
                request.peer = peer
                return await api.respond(to: request).status
            }
            #expect(await status("DELETE", .local(user: 1001, process: 1)) == 403)
            #expect(await status("DELETE", .unknown) == 403)
            #expect(await status("DELETE", .local(user: 1000, process: 1)) == 404)
            #expect(await status("DELETE", .local(user: 0, process: 1)) == 404)
            #expect(await status("DELETE", .certified) == 404)
            #expect(await status("GET", .local(user: 1001, process: 1)) == 404)
        }
    }

    @Test func metricsNameWhatWasAsked() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            _ = await api.respond(to: APIRequest("GET", "/fleet/v1/units"))
            _ = await api.respond(to: APIRequest("BREW\n", "/fleet/v1/units"))
            let response = await api.respond(to: APIRequest("GET", "/metrics"))
            #expect(response.contentType == "text/plain; version=0.0.4")
            let lines = response.body.split(separator: "\n")
            #expect(lines.contains(#"fleet_api_requests_total{code="200",method="GET"} 1"#))
            #expect(lines.contains(#"fleet_api_requests_total{code="405",method="other"} 1"#))
            #expect(lines.contains(#"fleet_registry_units{state="launched"} 0"#))
            #expect(lines.contains("fleet_registry_machines 1"))
            // The original's names, with what this engine has done: nothing here.
            #expect(lines.contains("fleet_engine_leader_start_time 0"))
            #expect(lines.contains("fleet_engine_reconcile_count_total 0"))
            #expect(lines.contains(#"fleet_engine_reconcile_failure_count_total{type="run"} 0"#))
            #expect(lines.contains("# TYPE fleet_engine_task_count_total counter"))
            try await Promtool.check(metrics: response.body)
            let names = Set(lines.filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 != " " && $0 != "{" } })
            for name in names {
                // A summary's samples have its name and what they are.
                let family = lines.contains("# TYPE \(name.replacing(/_(sum|count)$/, with: "")) summary")
                #expect(family || lines.contains { $0.hasPrefix("# TYPE \(name) ") }, "\(name)")
            }
        }
    }

    @Test func theDiscoveryDocumentDescribesEveryRequest() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let response = await api.respond(to: APIRequest("GET", "/fleet/v1/discovery", query: ["alt": "json"]))
            let parsed = try JSONSerialization.jsonObject(with: Data(response.body.utf8))
            let document = try #require(parsed as? [String: Any])
            #expect(document["basePath"] as? String == "/fleet/v1/")
            let schemas = try #require(document["schemas"] as? [String: [String: Any]])
            let known = [
                "Changes", "Drains", "Machine", "MachinePage", "Rebalance", "Unit", "UnitOption", "UnitPage",
                "UnitState",
                "UnitStatePage", "Update", "UpdateList", "UpdateRequest",
            ]
            #expect(schemas.keys.sorted() == known)
            let resources = try #require(document["resources"] as? [String: [String: [String: [String: Any]]]])
            let methods = resources.values.flatMap { $0["methods"].map(Array.init) ?? [] }.compactMap { method in
                (method.value["httpMethod"] as? String).map { "\($0) \(method.value["path"] ?? "")" }
            }
            let requests = [
                "DELETE drains/{machineID}", "DELETE units/{unitName}", "DELETE updates/{unitName}", "GET changes",
                "GET drains",
                "GET machines", "GET rebalance", "GET state", "GET state/{unitName}", "GET units",
                "GET units/{unitName}", "GET updates", "GET updates/{unitName}", "PUT drains/{machineID}",
                "PUT rebalance", "PUT units/{unitName}", "PUT updates/{unitName}",
            ]
            #expect(methods.sorted() == requests)
        }
    }

    /// Positions as Go's base64 tells them.
    @Test(arguments: [
        ("ZAACAA==", nil), ("", nil), ("ZAAC", nil), ("ZA==\n", nil), ("ZA", 0), ("ZAA", 0), ("Z", 0), ("Z===", 1),
        ("ZA=", 3), ("ZA=A", 2), ("ZA==A", 4), ("ZA/C", 2), ("=", 0), ("ZAACZ", 4),
    ])
    func base64AsGoReadsIt(_ text: String, _ position: Int?) {
        let error: Base64URL.Corrupt?
        do throws(Base64URL.Corrupt) {
            _ = try Base64URL.decode(text)
            error = nil
        } catch let corrupt {
            error = corrupt
        }
        #expect(error?.position == position)
    }

    @Test func base64BackAndForth() throws {
        for count in 0..<7 {
            let bytes = (0..<count).map { UInt8(200 + $0 * 7) }
            let text = Base64.encode(bytes, .urlSafe)
            #expect(try Base64URL.decode(text) == bytes)
            let standard = Data(bytes).base64EncodedString()
            #expect(text == standard.replacing("+", with: "-").replacing("/", with: "_"))
        }
    }
}
