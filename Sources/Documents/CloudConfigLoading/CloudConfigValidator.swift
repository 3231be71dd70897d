import CloudConfig
import Diagnostics
import LocatedYAML

/// Says what is wrong with a cloud-config, as the original's validator did; with more rules, also what it let through.
package enum CloudConfigValidator {
    /// Everything wrong with user-data, in the order in which it was found: the header, then the YAML, then rule by
    /// rule. What is not a cloud-config and may still be given to a node (nothing, a script, Ignition) has no faults.
    ///
    /// - Parameters:
    ///   - header: the first words of the message for user-data of no known kind.
    ///   - joinsDuplicates: whether the reader joins lists and sections that come twice, as CoreOS's does.
    package static func validate(
        _ bytes: [UInt8],
        file: String,
        rules: [ValidationRule] = ValidationRule.original,
        header: String = "must be \"#cloud-config\" or begin with \"#!\"",
        joinsDuplicates: Bool = true,
    ) -> [Diagnostic] {
        switch UserDataKind(bytes) {
        case .empty, .script, .ignition:
            return []
        case .gzip, .unknown:
            let note = "the first line of a cloud-config is exactly \(CloudConfigRenderer.header)"
            return [.error(header, at: SourceLocation(file: file, line: 1, column: 1), notes: [note])]
        case .cloudConfig:
            let document = YAMLDocument(
                parsing: bytes,
                file: file,
                duplicateKeys: .warning,
                joinsDuplicates: joinsDuplicates
            )
            return validate(document, rules: rules)
        }
    }

    /// The same for a text that was read as YAML.
    package static func validate(_ document: YAMLDocument, rules: [ValidationRule]) -> [Diagnostic] {
        let faults = document.diagnostics.filter { $0.severity == .error }
        guard let root = document.root, faults.isEmpty else {
            return faults.isEmpty ? [] : faults + [.warning("incorrect type for \"\" (want struct)", code: .emptyTree)]
        }
        return root.isNull ? [] : rules.flatMap { $0.check(root) }
    }
}
