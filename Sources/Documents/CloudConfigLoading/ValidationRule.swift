import Diagnostics
import LocatedYAML

/// One question put to a cloud-config: the tree in, what is wrong with it out.
package struct ValidationRule: Sendable {
    /// For lists of rules, and for tests.
    package var name: String
    /// Findings of the rule in a document, given its root.
    package var check: @Sendable (YAMLNode) -> [Diagnostic]

    package init(_ name: String, check: @escaping @Sendable (YAMLNode) -> [Diagnostic]) {
        self.name = name
        self.check = check
    }

    /// The original's rules, in its order, with its levels and messages.
    package static let original = [discoveryURL, encoding, structure, validity, writeFiles, writeFilesUnderCoreos]
}
