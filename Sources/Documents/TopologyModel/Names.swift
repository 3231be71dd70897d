/// A name that is a valid DNS label: lower-case letters, digits and inner hyphens, starting with a letter.
///
/// Cluster and role names end in host names, domain names and directories, hence the rule (RFC 1123, with the leading
/// letter of RFC 952, since `1-1` would be a poor host name).
package enum NameRule {
    /// What is wrong with `name` as a label of at most `limit` characters; nil when nothing is.
    package static func problem(with name: String, limit: Int) -> String? {
        guard let first = name.first, let last = name.last else { return "is empty" }
        guard name.count <= limit else { return "has \(name.count) characters, and \(limit) are the most" }
        guard ("a"..."z").contains(first) else { return "must start with a lower-case letter" }
        guard last != "-" else { return "must not end with a hyphen" }
        let allowed = name.allSatisfy(isInner)
        return allowed ? nil : "may hold only lower-case letters, digits and hyphens"
    }

    /// A valid name near to `name`; nil when nothing usable is left of it.
    package static func suggestion(for name: String, limit: Int) -> String? {
        let folded = name.lowercased().map { isInner($0) ? $0 : "-" }
        let trimmed = String(folded.drop { !("a"..."z").contains($0) }.prefix(limit))
        let end = trimmed.lastIndex { $0 != "-" }
        guard let end else { return nil }
        let suggestion = String(trimmed[...end])
        return problem(with: suggestion, limit: limit) == nil ? suggestion : nil
    }

    private static func isInner(_ character: Character) -> Bool {
        ("a"..."z").contains(character) || ("0"..."9").contains(character) || character == "-"
    }

    /// The longest cluster name: it is part of domain names and directories.
    package static let clusterLimit = 32
    /// The longest role name: with its number it is the host name, at most 63 characters.
    package static let roleLimit = 32
}
