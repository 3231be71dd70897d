import FleetAPI

/// An answer of the API.
package struct APIResponse: Sendable, Equatable {
    /// HTTP status.
    package var status: Int
    /// Media type of the body; nil for none.
    package var contentType: String?
    /// Body of the response.
    package var body: String
    /// Value of the `Location` header; nil for none.
    package var location: String?

    package init(status: Int, contentType: String? = "application/json", body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A status without a body.
    package static func empty(_ status: Int) -> APIResponse {
        APIResponse(status: status, contentType: nil, body: "")
    }

    /// Redirects a client to another target, with the body of Go's server, which has one for GET only.
    static func moved(to target: String, _ method: String) -> APIResponse {
        // By Go's entities, not XML's.
        let escaped = target.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&#34;").replacing("'", with: "&#39;")
        let isRead = method == "GET" || method == "HEAD"
        let type = isRead ? "text/html; charset=utf-8" : nil
        let body = method == "GET" ? "<a href=\"\(escaped)\">Moved Permanently</a>.\n\n" : ""
        var response = APIResponse(status: 301, contentType: type, body: body)
        response.location = target
        return response
    }

    /// A value of fleet's API.
    ///
    /// - Throws: `EncodingError` for a number that JSON does not have.
    static func json(_ value: some Encodable, status: Int = 200) throws -> APIResponse {
        APIResponse(status: status, body: try GoJSON.text(value))
    }
}
