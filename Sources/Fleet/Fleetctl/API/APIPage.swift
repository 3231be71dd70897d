/// One page of a list; the keys that are there say of what.
struct APIPage: Decodable {
    var nextPageToken: String?
    var units: [APIUnit]?
    var states: [APIUnitState]?
    var machines: [APIMachine]?
}

/// The body of an answer that is an error.
struct APIErrorBody: Decodable {
    struct Content: Decodable {
        var code: Int?
        var message: String?
    }

    var error: Content
}
