import Basics
import FleetAPI

/// One request to fleet's API, before it is known how the API is reached.
package struct FleetRequest: Sendable, Hashable {
    /// HTTP method.
    package enum Method: String, Sendable, Hashable {
        case get = "GET"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// HTTP method.
    package var method: Method
    /// Path and query, percent-encoded.
    package var target: String
    /// A JSON document.
    package var body: [UInt8]?
    /// True where sending it a second time has no further effect.
    package var isRepeatable: Bool

    /// - Parameters:
    ///   - resource: whose path it goes to.
    ///   - query: names and values, as they are.
    ///   - isRepeatable: whether it may be sent again when the connection ended before there was an answer.
    package init(
        _ method: Method,
        _ resource: APIResource,
        query: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        isRepeatable: Bool = true,
    ) {
        let path = resource.components.map { "/" + PercentEncoding.encode($0) }.joined()
        let query = (query + [("alt", "json")]).sorted { $0.name < $1.name }
            .map { "\($0.name)=\(PercentEncoding.encode($0.value))" }
        self.method = method
        self.body = body
        self.isRepeatable = isRepeatable
        target = "\(APIResource.prefix)\(path)?\(query.joined(separator: "&"))"
    }
}

/// Response of fleet's API.
package struct FleetResponse: Sendable, Hashable {
    /// HTTP status.
    package var status: Int
    /// Body of the response.
    package var body: [UInt8]
    /// True where the request had been sent before, and that attempt may have had its effect.
    package var isToRepetition = false

    package init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }
}
