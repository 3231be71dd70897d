import FleetAPI

/// An answer of the API.
package struct APIResponse: Sendable, Equatable {
    /// HTTP status.
    package var status: Int
    /// Media type of the body; nil for none.
    package var contentType: String?
    /// Body of the response.
    package var body: String

    package init(status: Int, contentType: String? = "application/json", body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A status without a body.
    package static func empty(_ status: Int) -> APIResponse {
        APIResponse(status: status, contentType: nil, body: "")
    }

    /// A value of fleet's API.
    ///
    /// - Throws: `EncodingError` for a number that JSON does not have.
    static func json(_ value: some Encodable, status: Int = 200) throws -> APIResponse {
        APIResponse(status: status, body: try GoJSON.text(value))
    }
}
