import Dashboard
import Testing

/// Who may see the dashboard.
@Suite struct DashboardAccessTests {
    private static let token = String(repeating: "a1", count: 32)
    private let access = DashboardAccess(token: token, port: 8090, hostname: "workstation")

    private func request(
        _ path: String = "/state",
        host: String? = "127.0.0.1:8090",
        _ change: (inout DashboardAccess.Request) -> Void = { _ in },
    ) -> DashboardAccess.Request {
        var request = DashboardAccess.Request(path: path, host: host)
        request.address = "127.0.0.1"
        change(&request)
        return request
    }

    private func status(_ request: DashboardAccess.Request) -> Int? {
        if case .refused(let status, _) = access.verdict(on: request) { status } else { nil }
    }

    /// The cookie that the token is exchanged for, as a browser sends it back.
    private var cookie: String? {
        guard case .admitted(let cookie) = access.verdict(on: request("/") { $0.query = ["token": Self.token] }) else {
            return nil
        }
        return cookie.split(separator: ";").first.map(String.init)
    }

    @Test func theTokenIsExchangedForACookieThatScriptsCannotRead() throws {
        guard case .admitted(let cookie) = access.verdict(on: request("/") { $0.query = ["token": Self.token] }) else {
            Issue.record("the token is refused")
            return
        }
        #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
        #expect(cookie.hasPrefix("slipway-8090="))
        #expect(!cookie.contains(Self.token))
        let given = try #require(self.cookie)
        #expect(access.verdict(on: request { $0.cookie = "other=1; \(given)" }) == .granted)
    }

    @Test func whoHasNeitherIsRefused() {
        #expect(status(request()) == 401)
        #expect(status(request("/")) == 401)
        #expect(status(request("/") { $0.query = ["token": "a1"] }) == 401)
        #expect(status(request("/state") { $0.query = ["token": Self.token] }) == 401)
        #expect(status(request { $0.cookie = "slipway-8090=\(Self.token)" }) == 401)
        #expect(status(request { $0.cookie = "slipway-8090" }) == 401)
        // A cookie of another dashboard on this host.
        let other = DashboardAccess(token: String(repeating: "b", count: 64), port: 8090)
        #expect(other.verdict(on: request { $0.cookie = cookie }) != .granted)
    }

    @Test func programsBringTheTokenAsABearer() {
        #expect(access.verdict(on: request("/metrics") { $0.authorization = "Bearer \(Self.token)" }) == .granted)
        #expect(status(request("/metrics") { $0.authorization = "Bearer \(Self.token)x" }) == 401)
        #expect(status(request("/metrics") { $0.authorization = "Basic \(Self.token)" }) == 401)
    }

    @Test(arguments: ["evil.example", "evil.example:8090", "127.0.0.1.evil.example", "", "10.0.0.1:8090", nil])
    func foreignHostsAreRefused(host: String?) {
        #expect(status(request(host: host) { $0.cookie = cookie }) == 403)
        #expect(status(request("/", host: host) { $0.query = ["token": Self.token] }) == 403)
    }

    @Test(arguments: ["localhost:9000", "127.0.0.1", "[::1]:8090", "Workstation:8090", "LOCALHOST:1"])
    func ownNamesAreNot(host: String) {
        #expect(access.verdict(on: request(host: host) { $0.cookie = cookie }) == .granted)
    }

    @Test func foreignPagesAreRefused() {
        for origin in ["http://evil.example", "null", "https://127.0.0.1:8090", "http://127.0.0.1:8091"] {
            #expect(
                status(
                    request {
                        $0.cookie = cookie
                        $0.origin = origin
                    }
                ) == 403,
                "\(origin)",
            )
        }
        for site in ["cross-site", "same-site"] {
            #expect(
                status(
                    request {
                        $0.cookie = cookie
                        $0.site = site
                    }
                ) == 403,
                "\(site)",
            )
        }
        let own = request {
            ($0.cookie, $0.origin, $0.site) = (cookie, "http://127.0.0.1:8090", "same-origin")
        }
        #expect(access.verdict(on: own) == .granted)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS"]) func nothingIsChanged(method: String) {
        let request = request {
            $0.cookie = cookie
            $0.method = method
        }
        #expect(status(request) == 405)
    }

    /// What a page may have done, no other page, no form and no program that reads figures may.
    @Test func onlyThePageItselfHasSomethingDone() {
        let access = DashboardAccess(token: Self.token, port: 8090, mayWrite: true, hostname: "workstation")
        func verdict(_ change: (inout DashboardAccess.Request) -> Void = { _ in }) -> Int? {
            let request = request("/run") {
                ($0.method, $0.cookie, $0.contentType) = ("POST", cookie, "application/json; charset=utf-8")
                ($0.origin, $0.site) = ("http://127.0.0.1:8090", "same-origin")
                change(&$0)
            }
            return if case .refused(let status, _) = access.verdict(on: request) { status } else { nil }
        }
        #expect(verdict() == nil)
        #expect(verdict { $0.origin = nil } == 403)
        #expect(verdict { $0.origin = "http://evil.example" } == 403)
        #expect(verdict { $0.site = "same-site" } == 403)
        #expect(verdict { $0.contentType = "text/plain" } == 403)
        #expect(verdict { $0.contentType = nil } == 403)
        #expect(verdict { $0.cookie = nil } == 401)
        #expect(verdict { ($0.cookie, $0.authorization) = (nil, "Bearer \(Self.token)") } == 403)
        #expect(verdict { $0.method = "GET" } == 405)
        #expect(verdict { $0.method = "PUT" } == 405)
        #expect(verdict { $0.path = "/state" } == 405)
        // Without --write there is nothing to be done, whoever asks.
        let reading = request("/run") {
            ($0.method, $0.cookie, $0.contentType) = ("POST", cookie, "application/json")
            $0.origin = "http://127.0.0.1:8090"
        }
        #expect(status(reading) == 405)
    }
}
