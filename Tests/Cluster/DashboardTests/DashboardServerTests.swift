import ConnectionLimits
import Dashboard
import Logging
import NIOCore
import Planning
import Provisioning
import TestKit
import Testing

/// The dashboard over HTTP.
@Suite(.timeLimit(.minutes(2))) struct DashboardServerTests {
    private static let token = String(repeating: "5e", count: 32)
    private static let bearer = ["Authorization": "Bearer \(token)"]

    @Test func thePrintedURLLeadsToThePage() async throws {
        try await withServer { port, url, _ in
            #expect(url == "http://127.0.0.1:\(port)/?token=\(Self.token)")
            let entry = try #require(await Loopback.http(port: port, path: "/?token=\(Self.token)"))
            #expect(entry.status == 303)
            #expect(entry.headers["location"] == "/")
            let cookie = try #require(entry.headers["set-cookie"]?.split(separator: ";").first)
            let page = try #require(await Loopback.http(port: port, path: "/", headers: ["Cookie": String(cookie)]))
            #expect(page.status == 200)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.body.contains("<main"))
            // Whatever the page names is there, and nothing is from elsewhere.
            for match in page.body.matches(of: /(?:src|href)="([^"#]+)"/) {
                let file = await Loopback.http(port: port, path: "/\(match.1)", headers: ["Cookie": String(cookie)])
                #expect(file?.status == 200, "\(match.1)")
            }
        }
    }

    @Test func everyAnswerForbidsWhatAPageNeedNot() async throws {
        try await withServer { port, _, _ in
            for path in ["/", "/app.js", "/state", "/nothing"] {
                let answer = try #require(await Loopback.http(port: port, path: path, headers: Self.bearer))
                let policy = answer.headers["content-security-policy"] ?? ""
                #expect(policy.hasPrefix("default-src 'none'; script-src 'self';"), "\(path)")
                #expect(!policy.contains("unsafe") && !policy.contains("http"), "\(path)")
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["referrer-policy"] == "no-referrer")
                #expect(answer.headers["cache-control"] == "no-store")
                #expect(answer.headers["access-control-allow-origin"] == nil)
            }
            #expect(await Loopback.http(port: port, path: "/nothing", headers: Self.bearer)?.status == 404)
        }
    }

    @Test func strangersGetNothing() async throws {
        try await withServer { port, _, source in
            for path in ["/", "/app.js", "/state", "/events", "/journal?cluster=demo&name=worker-1", "/metrics"] {
                #expect(await Loopback.http(port: port, path: path)?.status == 401, "\(path)")
                let foreign = await Loopback.http(port: port, path: path, host: "evil.example", headers: Self.bearer)
                #expect(foreign?.status == 403, "\(path)")
                let origin = Self.bearer.merging(["Origin": "http://evil.example"]) { $1 }
                #expect(await Loopback.http(port: port, path: path, headers: origin)?.status == 403, "\(path)")
                let change = await Loopback.http("POST", port: port, path: path, body: "{}", headers: Self.bearer)
                #expect(change?.status == 405, "\(path)")
            }
            #expect(await Loopback.http(port: port, path: "/?token=\(Self.token.dropLast())")?.status == 401)
            #expect(source.follows == 0)
        }
    }

    @Test func aPageIsToldEverythingAndThenWhatChanges() async throws {
        try await withServer { port, _, source in
            var look = try Fixture.look()
            async let heard = Loopback.stream(
                port: port,
                path: "/events",
                headers: Self.bearer,
                until: "\"gone\":[\"demo\"]",
            )
            try await eventually(within: .seconds(30), "the page is heard") { source.isFollowing }
            look.observation.provider.nodes[4].power = .off
            source.show(HostLook(clusters: ["demo": look]))
            // Two changes may come as one; the last one is told alone, once the page has the others.
            try await Task.sleep(for: .milliseconds(200))
            source.show(HostLook())
            let text = try await heard
            #expect(text.lowercased().contains("content-type: text/event-stream"))
            #expect(text.contains("event: all\ndata: {\"clusters\":[{\"cluster\":\"demo\""))
            #expect(text.contains("event: change"))
            #expect(text.contains("\"text\":\"is off\""))
            // Whoever leaves is not observed for.
            try await eventually(within: .seconds(30), "nothing is observed any more") { !source.isFollowing }
        }
    }

    @Test func aJournalIsDataNotMarkup() async throws {
        try await withServer { port, _, _ in
            let path = "/journal?cluster=demo&name=worker-1"
            let text = try await Loopback.stream(port: port, path: path, headers: Self.bearer, until: "event: end")
            let line = #""1795694400.000000 fleetd[1]: \"quoted\"\u001b[31m & <b>""#
            #expect(text.contains("event: line\ndata: \(line)\n\n"))
            let other = "/journal?cluster=demo&name=worker-9"
            let end = try await Loopback.stream(port: port, path: other, headers: Self.bearer, until: "event: end")
            #expect(end.contains("there is no node worker-9 in demo"))
        }
    }

    @Test func documents() async throws {
        try await withServer { port, _, _ in
            func body(_ path: String) async -> String? {
                await Loopback.http(port: port, path: path, headers: Self.bearer)?.body
            }
            #expect(await body("/state")?.contains("\"part\":\"leader\"") == true)
            #expect(await body("/plan?cluster=demo") == #"{"notes":["no file"],"steps":[]}"#)
            #expect(await body("/history?cluster=demo") == "[]")
            #expect(await body("/uses?cluster=demo") == #"{"worker-1":["central-2"]}"#)
            #expect(await body("/metrics") == "# EOF\n")
            let unknown = await Loopback.http(port: port, path: "/unit?cluster=x&name=y", headers: Self.bearer)
            #expect(unknown?.status == 502)
            #expect(unknown?.body == "fleet of x is not known now\n")
        }
    }

    @Test func aPageMayHaveSomethingDone() async throws {
        try await withServer(mayWrite: true) { port, url, source in
            let entry = try #require(await Loopback.http(port: port, path: "/?token=\(Self.token)"))
            let cookie = String(try #require(entry.headers["set-cookie"]?.split(separator: ";").first))
            let own = ["Cookie": cookie, "Origin": "http://127.0.0.1:\(port)"]
            func post(_ path: String, _ body: String) async -> HTTPAnswer? {
                await Loopback.http("POST", port: port, path: path, body: body, headers: own)
            }
            // The cluster is known once a page looks.
            async let page = Loopback.stream(
                port: port,
                path: "/events",
                headers: Self.bearer,
                until: "\"gone\":[\"demo\"]"
            )
            try await eventually(within: .seconds(30), "the page is heard") { source.isFollowing }
            let action = #"{"verb":"scale","cluster":"demo","name":"worker","count":5}"#
            #expect(await post("/prepare", action)?.body == #"{"command":"slipway scale demo.yaml worker=5"}"#)
            #expect(source.commands.isEmpty)
            #expect(await post("/run", action)?.body == #"{"number":1}"#)
            async let output = Loopback.stream(
                port: port,
                path: "/output?run=1",
                headers: Self.bearer,
                until: "\"code\""
            )
            try await eventually(within: .seconds(30), "it runs") { !source.commands.isEmpty }
            #expect(await post("/answer", #"{"run":1,"yes":true}"#)?.status == 200)
            let text = try await output
            #expect(text.contains("event: text\ndata: \"scale demo.yaml worker=5\\n\""))
            #expect(text.contains("event: question"))
            #expect(text.contains("event: text\ndata: \"yes\\n\""))
            #expect(text.contains("event: end\ndata: {\"code\":0}"))
            #expect(await post("/run", "{}")?.status == 502)
            #expect(await post("/stop", #"{"run":1}"#)?.body == "that command has ended\n")
            #expect(source.commands == [["scale", "demo.yaml", "worker=5"]])
            source.show(HostLook())
            #expect(try await page.contains("\"may_write\":true"))
        }
    }

    @Test func boundsOfARequest() async throws {
        try await withServer { port, _, _ in
            let long = String(repeating: "x", count: 40_000)
            let answer = await Loopback.http(port: port, path: "/state?x=\(long)", headers: Self.bearer)
            #expect(answer?.status != 200)
            #expect(await Loopback.http(port: port, path: "/state", headers: Self.bearer)?.status == 200)
        }
    }

    // MARK: Helpers

    private func withServer(
        mayWrite: Bool = false,
        _ body: @Sendable (_ port: Int, _ url: String, FakeDashboard) async throws -> Void
    ) async throws {
        let source = FakeDashboard(HostLook(clusters: ["demo": try Fixture.look()]))
        let server = DashboardServer(
            source,
            feed: DashboardFeed(source, patience: .milliseconds(1)) { 1_795_694_400 },
            token: Self.token,
            mayWrite: mayWrite,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            // Tests that share a processor with heavier ones are answered late.
            budget: ConnectionBudget(100, ConnectionBudget.Limits(head: .seconds(120))),
        )
        let (urls, continuation) = AsyncStream<String>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await server.run(host: "127.0.0.1", port: 0) { continuation.yield($0) }
            }
            var iterator = urls.makeAsyncIterator()
            guard let url = await iterator.next() else { return try await group.waitForAll() }
            let port = try #require(url.firstMatch(of: /:([0-9]+)\//).flatMap { Int($0.1) })
            try await body(port, url, source)
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
