/// The identity of a step in its plan: a path that a person can read, such as `node/worker-1/create`.
package struct StepID: Sendable, Hashable, Comparable, ExpressibleByStringInterpolation, CustomStringConvertible {
    /// The path, as it is printed.
    package let description: String

    /// The step of that path.
    package init(_ path: String) { description = path }

    /// The step of that path.
    package init(stringLiteral path: String) { self.init(path) }

    /// Orders paths as text.
    package static func < (lhs: StepID, rhs: StepID) -> Bool { lhs.description < rhs.description }
}

extension StepID: Encodable {
    /// Encodes the path as a plain string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
