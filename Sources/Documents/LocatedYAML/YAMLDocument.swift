import Diagnostics
import Yams

/// The first document of a YAML text as a tree, and what is wrong with the text.
package struct YAMLDocument: Sendable {
    /// Nil when the text is empty or is not YAML.
    package let root: YAMLNode?
    /// Syntax errors and duplicate keys.
    package let diagnostics: [Diagnostic]
    /// Name of the file, for findings.
    package let file: String
    /// Source text.
    package let text: String

    /// More nodes than any real file has: only anchors that multiply each other get there.
    static let nodeLimit = 100_000

    /// Reads `text`; never fails, faults are in ``diagnostics``.
    ///
    /// - Parameters:
    ///   - file: the name the diagnostics show.
    ///   - duplicateKeys: how bad a key is that comes twice in a mapping. Both are in the tree; the last one counts.
    ///   - joinsDuplicates: whether lists and mappings under the same key become one, as CoreOS's decoder filled the
    ///     same list or struct twice.
    package init(
        parsing text: String,
        file: String,
        duplicateKeys: Diagnostic.Severity = .error,
        joinsDuplicates: Bool = false,
    ) {
        self.file = file
        self.text = text
        var source = SourceText(text, file: file)
        if let index = AliasGuard.danger(in: source.scalars) {
            let message = "a key may not be made of aliases in a text that has so many of them"
            self.root = nil
            self.diagnostics = [.error(message, at: source.location(of: index))]
            return
        }
        var diagnostics: [Diagnostic] = []
        var duplicates = DuplicateKeys()
        var root: YAMLNode?
        do {
            let nodes = try duplicates.compose(&source)
            var builder = TreeBuilder(
                source: source,
                originalKeys: duplicates.originalKeys,
                joinsDuplicates: joinsDuplicates
            )
            root = nodes.first.map { builder.build($0) }
            diagnostics = builder.diagnostics(duplicateKeys: duplicateKeys)
            if nodes.count > 1, let second = nodes.last?.mark {
                let place = source.location(of: source.index(line: second.line - 1, column: second.column - 1))
                diagnostics.append(.warning("only the first document of a file is read", at: place))
            }
            if builder.isOverLimit { root = nil }
        } catch {
            diagnostics = [Self.diagnostic(for: error, in: source)]
        }
        self.root = root
        self.diagnostics = diagnostics.inReadingOrder
    }

    /// Reads `bytes`, which must be UTF-8.
    package init(
        parsing bytes: [UInt8],
        file: String,
        duplicateKeys: Diagnostic.Severity = .error,
        joinsDuplicates: Bool = false,
    ) {
        if let text = String(validating: bytes, as: UTF8.self) {
            self.init(parsing: text, file: file, duplicateKeys: duplicateKeys, joinsDuplicates: joinsDuplicates)
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let source = SourceText(text, file: file)
        let bad = source.scalars.firstIndex(of: "\u{FFFD}") ?? 0
        let diagnostic = Diagnostic.error("the text is not UTF-8", at: source.location(of: bad))
        self.init(root: nil, diagnostics: [diagnostic], file: file, text: text)
    }

    private init(root: YAMLNode?, diagnostics: [Diagnostic], file: String, text: String) {
        self.root = root
        self.diagnostics = diagnostics
        self.file = file
        self.text = text
    }

    private static func diagnostic(for error: any Error, in source: SourceText) -> Diagnostic {
        guard let error = error as? YamlError else { return .error("cannot read YAML: \(error)") }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return syntaxError(problem, at: mark, context: context, in: source)
        case .reader(let problem, let offset, _, _):
            let characters = source.text.prefix(offset ?? 0)
            return .error(problem, at: source.location(of: characters.unicodeScalars.count))
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "\"\($0)\"" }.joined(separator: ", ")
            return .error("duplicate key \(names)", at: place(of: context.mark, in: source))
        default:
            return .error("cannot read YAML: \(error)")
        }
    }

    private static func syntaxError(
        _ problem: String,
        at mark: Mark,
        context: YamlError.Context?,
        in source: SourceText,
    ) -> Diagnostic {
        var notes: [String] = []
        if let context, !context.text.isEmpty {
            let location = place(of: context.mark, in: source)
            notes.append("\(context.text) that starts at line \(location.line), column \(location.column)")
        }
        let index = source.index(line: mark.line - 1, column: mark.column - 1)
        notes += hint(problem, next: source.restOfLine(from: index).first)
        return .error(problem, at: source.location(of: index), notes: notes)
    }

    private static func place(of mark: Mark, in source: SourceText) -> SourceLocation {
        source.location(of: source.index(line: mark.line - 1, column: mark.column - 1))
    }

    /// Returns the usual cause of a libyaml message.
    private static func hint(_ problem: String, next: Unicode.Scalar?) -> [String] {
        switch problem {
        case "found character that cannot start any token" where next == "\t":
            ["indent with spaces: YAML allows no tabs there"]
        case "found character that cannot start any token":
            ["put a value that begins with this character in quotes"]
        case "mapping values are not allowed in this context":
            ["a value with \": \" in it needs quotes; a key needs the same indentation as its neighbours"]
        case "did not find expected key", "did not find expected '-' indicator":
            ["check the indentation of this line against the lines above"]
        case "could not find expected ':'":
            ["a key is followed by a colon and a space"]
        default:
            []
        }
    }
}
