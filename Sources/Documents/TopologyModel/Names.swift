/// A name that is a valid DNS label: lower-case letters, digits and inner hyphens, starting with a letter.
///
/// Cluster and role names end in host names, domain names and directories, hence the rule (RFC 1123, with the leading
/// letter of RFC 952, since `1-1` would be a poor host name).
package enum NameRule {
    /// Returns the fault of `name` as a label of at most `limit` characters; nil for a valid one.
    package static func problem(with name: String, limit: Int) -> String? {
        guard let first = name.unicodeScalars.first, let last = name.unicodeScalars.last else { return "is empty" }
        let count = name.unicodeScalars.count
        guard count <= limit else { return "has \(count) characters, and \(limit) are the most" }
        guard ("a"..."z").contains(first) else { return "must start with a lower-case letter" }
        guard last != "-" else { return "must not end with a hyphen" }
        let allowed = name.unicodeScalars.allSatisfy(isInner)
        return allowed ? nil : "may hold only lower-case letters, digits and hyphens"
    }

    /// A valid name near to `name`; nil when nothing usable is left of it.
    package static func suggestion(for name: String, limit: Int) -> String? {
        var folded = String.UnicodeScalarView()
        for scalar in name.lowercased().unicodeScalars { folded.append(isInner(scalar) ? scalar : "-") }
        let trimmed = String(folded.drop { !("a"..."z").contains($0) }.prefix(limit))
        let end = trimmed.lastIndex { $0 != "-" }
        guard let end else { return nil }
        let suggestion = String(trimmed[...end])
        return problem(with: suggestion, limit: limit) == nil ? suggestion : nil
    }

    /// By scalar: a `Character` range would also hold letters with accents, which sort between those without.
    private static func isInner(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-"
    }

    /// The longest cluster name: it is part of domain names and directories.
    package static let clusterLimit = 32
    /// The longest role name: with its number it is the host name, at most 63 characters.
    package static let roleLimit = 32
    /// The longest node name: a role's, a hyphen and the number.
    package static let nodeLimit = 63
}

/// A cluster's name that follows ``NameRule``, and so can be part of a path, a domain's name and a key.
///
/// No other text makes one: what takes a `ClusterName` needs no check of its own.
package struct ClusterName: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// - Throws: ``InvalidName`` that says what is wrong with the text.
    package init(_ text: String) throws(InvalidName) {
        if let problem = NameRule.problem(with: text, limit: NameRule.clusterLimit) {
            let near = NameRule.suggestion(for: text, limit: NameRule.clusterLimit)
            throw InvalidName(kind: "cluster", text: text, problem: problem, suggestion: near)
        }
        description = text
    }
}

/// A text given as the name of something that cannot have it.
package struct InvalidName: Error, Sendable, Hashable, CustomStringConvertible {
    /// Kind of object to be named, such as "cluster".
    package var kind: String
    /// The text as given.
    package var text: String
    /// Fault of the name, phrased to follow "it".
    package var problem: String
    /// A valid name near to it.
    package var suggestion: String?

    package init(kind: String, text: String, problem: String, suggestion: String? = nil) {
        self.kind = kind
        self.text = text
        self.problem = problem
        self.suggestion = suggestion
    }

    package var description: String {
        let shown = text.unicodeScalars.map { $0.escaped(asASCII: false) }.joined()
        let hint = suggestion.map { "; did you mean '\($0)'?" } ?? ""
        return "'\(shown)' is not a \(kind) name: it \(problem)\(hint)"
    }
}

/// A snapshot's name that follows ``NameRule``, and so can be part of a path.
package struct SnapshotName: Sendable, Hashable, CustomStringConvertible {
    /// The longest name.
    package static let limit = 48

    package let description: String

    /// - Throws: ``InvalidName`` that says what is wrong with the text.
    package init(_ text: String) throws(InvalidName) {
        if let problem = NameRule.problem(with: text, limit: Self.limit) {
            let near = NameRule.suggestion(for: text, limit: Self.limit)
            throw InvalidName(kind: "snapshot", text: text, problem: problem, suggestion: near)
        }
        description = text
    }
}
