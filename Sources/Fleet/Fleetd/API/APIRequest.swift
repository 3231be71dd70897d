/// A request as the API sees it, whatever brought it.
package struct APIRequest: Sendable {
    package var method: String
    /// Decoded, without the query.
    package var path: String
    /// Names and values, decoded; of several values of one name the first.
    package var query: [String: String]
    /// The names that have several values.
    package var repeatedQuery: Set<String> = []
    package var contentTypes: [String]
    package var body: [UInt8]
    package var peer = APIPeer.unknown

    package init(
        _ method: String,
        _ path: String,
        query: [String: String] = [:],
        contentTypes: [String] = [],
        body: String = "",
    ) {
        self.init(method, path, query: query, contentTypes: contentTypes, bytes: Array(body.utf8))
    }

    package init(
        _ method: String,
        _ path: String,
        query: [String: String],
        contentTypes: [String],
        bytes: [UInt8],
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.contentTypes = contentTypes
        body = bytes
    }
}
