import Basics

/// A request as far as the protocol needs it.
package struct DiscoveryRequest: Sendable, Hashable {
    /// HTTP method, in capitals.
    package var method: String
    /// Without its query, and with percent signs decoded.
    package var path: [String]
    /// Query parameters, percent-decoded.
    package var query: [String: String]
    /// The fields of a form.
    package var form: [String: String]
    /// The host and port by which the client reached the service.
    package var host: String

    /// Parses the target of a request and the form in its body.
    package init(_ method: String, _ target: String, body: String = "", host: String = "127.0.0.1") {
        let path = target.prefix { $0 != "?" }
        self.method = method
        self.path = path.split(separator: "/").map { Self.decode($0) }
        query = Self.fields(target.dropFirst(path.count + 1))
        form = Self.fields(body[...])
        self.host = host
    }

    private static func fields(_ text: Substring) -> [String: String] {
        let pairs = text.split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (decode(name), decode(pair.dropFirst(name.count + 1)))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private static func decode(_ text: Substring) -> String { PercentEncoding.decode(text, space: .plus) }
}

/// Response in the format of etcd's version 2.
package struct DiscoveryResponse: Sendable, Hashable {
    /// HTTP status.
    package var status: Int
    /// Body of the response.
    package var body: String
    /// For the header `X-Etcd-Index`, which clients count on.
    package var index: UInt64
    /// Media type of the body.
    package var contentType = "application/json"
}
