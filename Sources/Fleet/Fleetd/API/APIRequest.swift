import Basics

/// A request as the API sees it, whatever brought it.
package struct APIRequest: Sendable {
    /// HTTP method, in capitals.
    package var method: String
    /// Decoded, without the query.
    package var path: String
    /// Path and query as they were sent, percent-encoded.
    package var target: String
    /// Names and values, decoded; of several values of one name the first.
    package var query: [String: String]
    /// The names that have several values.
    package var repeatedQuery: Set<String> = []
    /// Values of `Content-Type`.
    package var contentTypes: [String]
    /// Body of the request.
    package var body: [UInt8]
    /// Client that sent it.
    package var peer = APIPeer.unknown
    /// The client's name for itself; empty when it has none.
    package var userAgent = ""

    /// Creates a request whose body is text.
    package init(
        _ method: String,
        _ path: String,
        query: [String: String] = [:],
        contentTypes: [String] = [],
        body: String = "",
    ) {
        self.init(method, path, query: query, contentTypes: contentTypes, bytes: Array(body.utf8))
    }

    /// Creates a request from parts already decoded.
    package init(
        _ method: String,
        _ path: String,
        query: [String: String],
        contentTypes: [String],
        bytes: [UInt8],
    ) {
        self.method = method
        self.path = path
        target = path
        self.query = query
        self.contentTypes = contentTypes
        body = bytes
    }
}

extension APIRequest {
    /// Target that Go's server redirects a client to whose path has repeated slashes or dot segments; nil for a path
    /// without.
    var cleanTarget: String? {
        let path = target.prefix { $0 != "?" }
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            switch PercentEncoding.decode(part) {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        let end = path.hasSuffix("/") && !parts.isEmpty ? "/" : ""
        let clean = "/" + parts.joined(separator: "/") + end
        return clean == path ? nil : clean + target.dropFirst(path.count)
    }
}
