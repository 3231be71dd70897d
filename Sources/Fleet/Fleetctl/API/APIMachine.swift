/// A machine as fleet's HTTP API shows it.
package struct APIMachine: Sendable, Hashable, Codable {
    /// Machine ID.
    package var id: String
    /// Metadata by key.
    package var metadata: [String: String]?
    /// Address of the machine.
    package var primaryIP: String?

    package init(id: String, metadata: [String: String]? = nil, primaryIP: String? = nil) {
        self.id = id
        self.metadata = metadata
        self.primaryIP = primaryIP
    }

    /// How people see the machine: `9c3f1ab2.../10.0.0.5`, or the whole id when `full`.
    package func legend(full: Bool) -> String {
        let name = APIMachine.name(of: id, full: full)
        guard let primaryIP, !primaryIP.isEmpty else { return name }
        return "\(name)/\(primaryIP)"
    }

    /// The first eight characters of an id and three dots, or all of it.
    package static func name(of id: String, full: Bool) -> String {
        full ? id : "\(id.prefix(8))..."
    }
}
