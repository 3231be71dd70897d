/// One thing to tell the person who wrote a file.
package struct Diagnostic: Sendable, Hashable, Codable {
    /// Weight of a finding: errors stop a command, warnings do not.
    package enum Severity: String, Sendable, Hashable, Codable, Comparable {
        case note, warning, error

        private var rank: Int {
            switch self {
            case .note: 0
            case .warning: 1
            case .error: 2
            }
        }

        package static func < (lhs: Severity, rhs: Severity) -> Bool { lhs.rank < rhs.rank }
    }

    /// Kind of finding, for programs. Not part of the encoded form.
    package enum Code: Sendable, Hashable {
        case unknownKey
        case duplicateKey
        /// With the key, as the schema spells it.
        case deprecatedKey(String)
        /// What the original's validator said after each syntax error, since it went on with an empty tree.
        case emptyTree
        /// A line of a unit file that is no option.
        case missingEquals
    }

    private enum CodingKeys: CodingKey { case severity, message, location, notes }

    /// Weight of the finding.
    package var severity: Severity
    /// Nil for findings that no program treats in its own way.
    package var code: Code?
    /// Fault, in one sentence without a final full stop.
    package var message: String
    /// Location; nil when the fault is in no single place.
    package var location: SourceLocation?
    /// Advice or background, one line each (a table may take several).
    package var notes: [String]

    package init(
        _ severity: Severity,
        _ message: String,
        at location: SourceLocation? = nil,
        notes: [String] = [],
        code: Code? = nil,
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.location = location
        self.notes = notes
    }

    /// Creates a finding that stops a command.
    package static func error(
        _ message: String,
        at location: SourceLocation? = nil,
        notes: [String] = [],
    ) -> Diagnostic {
        Diagnostic(.error, message, at: location, notes: notes)
    }

    /// Creates a finding that does not stop a command.
    package static func warning(
        _ message: String,
        at location: SourceLocation? = nil,
        notes: [String] = [],
        code: Code? = nil,
    ) -> Diagnostic {
        Diagnostic(.warning, message, at: location, notes: notes, code: code)
    }
}

/// Every diagnostic of one input, thrown together so that the user can fix all of them at once.
package struct DiagnosticsError: Error, Sendable {
    /// Findings, at least one of them an error.
    package var diagnostics: [Diagnostic]
    /// The texts the diagnostics point into, by file.
    package var sources: [String: String]

    package init(_ diagnostics: [Diagnostic], sources: [String: String] = [:]) {
        self.diagnostics = diagnostics
        self.sources = sources
    }
}

extension DiagnosticsError: CustomStringConvertible {
    package var description: String { DiagnosticRenderer().render(diagnostics, sources: sources) }
}

extension Sequence where Element == Diagnostic {
    /// True when one of the findings is an error.
    package var hasErrors: Bool { contains { $0.severity == .error } }

    /// In reading order: by place, those without a place first.
    package var inReadingOrder: [Diagnostic] {
        enumerated().sorted { lhs, rhs in
            switch (lhs.element.location, rhs.element.location) {
            case (nil, nil): lhs.offset < rhs.offset
            case (nil, _): true
            case (_, nil): false
            case (let left?, let right?): left == right ? lhs.offset < rhs.offset : left < right
            }
        }.map(\.element)
    }
}
