/// One page of a list; the member that is there says of what. An empty page has none.
package struct APIPage: Codable, Sendable {
    /// To be sent with the next request; nil on the last page.
    package var nextPageToken: String?
    /// Units by name.
    package var units: [APIUnit]?
    /// States by unit and machine.
    package var states: [APIUnitState]?
    /// Machines by ID.
    package var machines: [APIMachine]?

    /// Makes a page; an empty list is left out.
    package init(
        units: [APIUnit] = [],
        states: [APIUnitState] = [],
        machines: [APIMachine] = [],
        nextPageToken: String? = nil,
    ) {
        self.units = units.isEmpty ? nil : units
        self.states = states.isEmpty ? nil : states
        self.machines = machines.isEmpty ? nil : machines
        self.nextPageToken = nextPageToken
    }
}

/// The body of an answer that is an error.
package struct APIFailure: Codable, Sendable {
    /// Status and message.
    package struct Content: Codable, Sendable {
        /// The HTTP status.
        package var code: Int?
        /// Error message, for people.
        package var message: String?
    }

    /// Error.
    package var error: Content

    /// Makes the body of an answer with an HTTP status.
    package init(code: Int, message: String) {
        error = Content(code: code, message: message)
    }
}
