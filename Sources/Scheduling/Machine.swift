/// A node as fleet sees it.
package struct Machine: Sendable, Hashable, Codable {
    /// Its machine id: 32 hexadecimal digits.
    package var id: String
    package var metadata: [String: String]
    /// The address other machines reach it at; empty when unknown.
    package var primaryIP: String

    package init(id: String, metadata: [String: String] = [:], primaryIP: String = "") {
        self.id = id
        self.metadata = metadata
        self.primaryIP = primaryIP
    }

    /// The first eight characters of the id, as people see it.
    package var shortID: String { String(id.prefix(8)) }
}
