import FleetAPI

extension APIMachine {
    /// Name of the machine for people: `9c3f1ab2.../10.0.0.5`, or the whole id when `full`.
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
