import Diagnostics

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
    ///   - duplicateKeys: severity of a duplicate key of a mapping. Both are in the tree; the last one counts.
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
        let source = SourceText(text, file: file)
        var builder = TreeBuilder(source: source, joinsDuplicates: joinsDuplicates)
        var root: YAMLNode?
        var diagnostics: [Diagnostic]
        do throws(YAMLSyntaxError) {
            var events = try YAMLEvents(text)
            var second: YAMLMark?
            if let first = try Self.nextRoot(&events) {
                root = try builder.build(first, &events)
                second = try Self.rest(of: &events, source)
            }
            diagnostics = builder.diagnostics(duplicateKeys: duplicateKeys)
            if let second {
                let place = source.location(of: source.index(of: second))
                diagnostics.append(.warning("only the first document of a file is read", at: place))
            }
            if builder.isOverLimit { root = nil }
        } catch {
            root = nil
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

    /// The first event of the next document's root; nil where there is no other document.
    private static func nextRoot(_ events: inout YAMLEvents) throws(YAMLSyntaxError) -> YAMLEvent? {
        while true {
            switch try events.next().kind {
            case .documentStart: return try events.next()
            case .streamEnd: return nil
            default: continue
            }
        }
    }

    /// Reads on to the end of the next document, which must be YAML too.
    /// - Returns: where its root begins; nil where there is none.
    private static func rest(of events: inout YAMLEvents, _ source: SourceText) throws(YAMLSyntaxError) -> YAMLMark? {
        guard let root = try nextRoot(&events) else { return nil }
        var builder = TreeBuilder(source: source)
        _ = try builder.build(root, &events)
        return root.mark
    }

    private static func diagnostic(for error: YAMLSyntaxError, in source: SourceText) -> Diagnostic {
        switch error.place {
        case .byte(let offset): return .error(error.problem, at: source.location(of: source.index(ofByte: offset)))
        case .mark(let mark):
            var notes: [String] = []
            if let context = error.context, !context.text.isEmpty {
                let place = source.location(of: source.index(of: context.mark))
                notes.append("\(context.text) that starts at line \(place.line), column \(place.column)")
            }
            let index = source.index(of: mark)
            notes += hint(error.problem, next: source.isEndOfLine(index) ? nil : source.scalars[index])
            return .error(error.problem, at: source.location(of: index), notes: notes)
        }
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
