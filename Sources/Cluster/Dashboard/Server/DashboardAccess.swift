import Basics
import ConnectionLimits
import Crypto
import Planning

/// Who may see the dashboard: whoever has its token, from a page of its own.
///
/// The token is in the printed URL. Whoever opens that gets a cookie in its place, so that the token is neither in the
/// page's address nor in the browser's history.
package struct DashboardAccess: Sendable {
    /// What access depends on in a request.
    package struct Request: Sendable, Hashable {
        /// HTTP method, in capitals.
        package var method: String
        /// Path without query.
        package var path: String
        /// Query by name, decoded.
        package var query: [String: String] = [:]
        /// `Host`; nil for none.
        package var host: String?
        /// `Origin`; nil for none.
        package var origin: String?
        /// `Sec-Fetch-Site`, by which browsers say where a request comes from; nil for none.
        package var site: String?
        /// `Cookie`; nil for none.
        package var cookie: String?
        /// `Authorization`; nil for none.
        package var authorization: String?
        /// `Content-Type`; nil for none.
        package var contentType: String?
        /// Address that was connected to.
        package var address: String?

        package init(method: String = "GET", path: String, host: String?) {
            (self.method, self.path, self.host) = (method, path, host)
        }
    }

    /// Answer to a request before anything is done for it.
    package enum Verdict: Sendable, Hashable {
        /// It is answered.
        case granted
        /// It brings the token: the browser is given the cookie and sent to the page.
        case admitted(cookie: String)
        /// It is not answered, with an HTTP status and a reason for people.
        case refused(status: Int, reason: String)
    }

    /// Token of the printed URL.
    package let token: String
    private let session: String
    private let cookieName: String
    private let hostname: String
    private let mayWrite: Bool

    /// Paths by which something is done.
    package static let writingPaths: Set<String> = ["/prepare", "/run", "/answer", "/stop"]

    /// - Parameters:
    ///   - token: 32 random bytes in hexadecimal.
    ///   - mayWrite: whether a page may have something done.
    ///   - port: cookies are not told apart by port, so its name has it.
    ///   - hostname: the machine's.
    package init(
        token: String = Self.randomToken(),
        port: Int,
        mayWrite: Bool = false,
        hostname: String = OwnHost.machineName,
    ) {
        (self.token, self.mayWrite) = (token, mayWrite)
        // Whoever finds a cookie has no token, and none of another run.
        session = sha256Hex("slipway dashboard \(token)")
        cookieName = "slipway-\(port)"
        self.hostname = hostname
    }

    /// 32 bytes of the system's randomness, in hexadecimal.
    package static func randomToken() -> String {
        Hex.encode(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
    }

    /// Returns whether a request is answered.
    package func verdict(on request: Request) -> Verdict {
        guard let host = request.host, OwnHost.isNamed(by: host, address: request.address, hostname: hostname) else {
            return .refused(status: 403, reason: "The dashboard answers to localhost and its own address only.")
        }
        if let origin = request.origin, origin.lowercased() != "http://\(host.lowercased())" {
            return .refused(status: 403, reason: "The dashboard answers to pages of its own only.")
        }
        if let refusal = refusal(of: request) { return refusal }
        if request.path == "/", let given = request.query["token"] {
            guard Self.isEqual(given, token) else {
                return .refused(status: 401, reason: "This is not the dashboard's token; open the URL that it printed.")
            }
            let cookie = "\(cookieName)=\(session); Path=/; HttpOnly; SameSite=Strict"
            return .admitted(cookie: cookie)
        }
        // A link on a foreign page may lead to the page itself, which shows itself nowhere else.
        if let site = request.site, site != "same-origin", site != "none", request.path != "/" {
            return .refused(status: 403, reason: "The dashboard answers to pages of its own only.")
        }
        guard isKnown(request) else {
            return .refused(status: 401, reason: "Open the URL that slipway dashboard has printed: it has the token.")
        }
        return .granted
    }

    /// Refusal of a method. What does something comes from the page itself and from nowhere else: a browser says the
    /// origin of every POST, and no form of a foreign page can send JSON. What only reads figures has the token, not the
    /// cookie, and does nothing.
    private func refusal(of request: Request) -> Verdict? {
        let writes = Self.writingPaths.contains(request.path)
        if ["GET", "HEAD"].contains(request.method) {
            return writes ? .refused(status: 405, reason: "This takes POST only.") : nil
        }
        guard mayWrite else {
            let advice = "with --write it would do more"
            return .refused(status: 405, reason: "The dashboard only shows; it takes no \(request.method) (\(advice)).")
        }
        guard request.method == "POST", writes else {
            return .refused(status: 405, reason: "There is nothing here that takes \(request.method).")
        }
        let isJSON = request.contentType?.split(separator: ";").first?.lowercased() == "application/json"
        guard request.origin != nil, isJSON, request.authorization == nil else {
            return .refused(status: 403, reason: "Only the dashboard's own page may have something done.")
        }
        return nil
    }

    private func isKnown(_ request: Request) -> Bool {
        if let given = request.authorization?.split(separator: " ", maxSplits: 1), given.count == 2,
            given[0].lowercased() == "bearer"
        {
            return Self.isEqual(String(given[1]), token)
        }
        let cookies = (request.cookie ?? "").split(separator: ";").map { pair in
            pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        }
        return cookies.contains { pair in
            pair.count == 2 && pair[0] == cookieName && Self.isEqual(String(pair[1]), session)
        }
    }

    /// Compares in a time that does not depend on where two texts differ.
    private static func isEqual(_ given: String, _ secret: String) -> Bool {
        let (one, other) = (SHA256.hash(data: Array(given.utf8)), SHA256.hash(data: Array(secret.utf8)))
        return zip(one, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
