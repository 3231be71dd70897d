import CloudConfigLoading
import Diagnostics
import LocatedYAML

/// Reader of a cloud-config.
package enum Consumer: String, Sendable, Hashable, CaseIterable {
    /// coreos-cloudinit: the original, and this project's.
    case coreos
    /// Flatcar's own version of it.
    case flatcar
    /// Canonical's program, which shares the name of the file and little else.
    case cloudInit = "cloud-init"

    /// First words of the message for user-data of no known kind.
    package var header: String {
        switch self {
        case .coreos: "must be \"#cloud-config\" or begin with \"#!\""
        case .flatcar: "must be \"#cloud-config\", multipart mime or begin with \"#!\""
        case .cloudInit: "must begin with \"#cloud-config\" or \"#!\""
        }
    }

    /// Everything to ask of a config that this consumer is to read.
    package func rules(text: String) -> [ValidationRule] {
        switch self {
        case .coreos: ValidationRule.original + ValidationRule.beyondOriginal(text: text)
        case .flatcar:
            ValidationRule.original + ValidationRule.beyondOriginal(text: text) + ValidationRule.flatcar
        case .cloudInit: ValidationRule.cloudInit
        }
    }

    /// Returns the findings about user-data for this consumer, in reading order.
    package func findings(_ bytes: [UInt8], file: String) -> [Diagnostic] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return YAMLDocument(parsing: bytes, file: file).diagnostics
        }
        let found = CloudConfigValidator.validate(
            bytes,
            file: file,
            rules: rules(text: text),
            header: header,
            joinsDuplicates: joinsDuplicates
        )
        return (found.filter { $0.code != .emptyTree }.map(explained) + textFindings(text, file: file)).inReadingOrder
    }

    /// Canonical's program reads YAML as Python does, which keeps the last of two values.
    private var joinsDuplicates: Bool { self != .cloudInit }

    /// Returns findings about the text alone that the original passed over, such as a duplicate key.
    private func textFindings(_ text: String, file: String) -> [Diagnostic] {
        guard UserDataKind(Array(text.utf8)) == .cloudConfig else { return [] }
        let document = YAMLDocument(
            parsing: text,
            file: file,
            duplicateKeys: .warning,
            joinsDuplicates: joinsDuplicates
        )
        return document.diagnostics.filter { $0.severity != .error }.map { diagnostic in
            var diagnostic = diagnostic
            if self == .flatcar, diagnostic.code == .duplicateKey { diagnostic.severity = .error }
            return diagnostic
        }
    }

    /// The last CoreOS had neither etcd2 nor fleet; the nodes of this project do.
    private func explained(_ diagnostic: Diagnostic) -> Diagnostic {
        let services = ["etcd2", "fleet"].map { Diagnostic.Code.deprecatedKey($0) }
        guard self == .coreos, let code = diagnostic.code, services.contains(code) else { return diagnostic }
        var diagnostic = diagnostic
        diagnostic.notes.append("Slipway's own nodes have it")
        return diagnostic
    }
}
