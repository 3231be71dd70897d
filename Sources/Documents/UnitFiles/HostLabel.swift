/// Names under which programs find hosts, in the form that every resolver takes.
package enum HostLabel {
    /// The longest label of a name, in characters.
    package static let limit = 63

    /// Returns a text as one label of a host's name: in lower case, and with a hyphen for each character that such a name
    /// cannot have; nil where nothing is left of it, or too much.
    package static func label(of text: some StringProtocol) -> String? {
        let scalars = text.lowercased().unicodeScalars.map { isAllowed($0) ? $0 : "-" }
        let start = scalars.drop { $0 == "-" }
        let end = start.lastIndex { $0 != "-" }
        guard let end, start.distance(from: start.startIndex, to: end) < limit else { return nil }
        var label = String.UnicodeScalarView()
        label.append(contentsOf: start[...end])
        return String(label)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "a"..."z", "-": true
        default: false
        }
    }
}

extension UnitName {
    /// Labels under which the unit is found by name: its own, and an instance's also that of its template. Services and
    /// sockets have some, as others are called by nobody.
    package var hostLabels: [String] {
        guard suffix == "service" || suffix == "socket" else { return [] }
        let names = isInstance ? [stem, prefix] : [stem]
        return names.compactMap { HostLabel.label(of: $0) }
    }
}
