import Diagnostics

/// Changes to a YAML text that leave everything else byte for byte as it was: comments, order, spacing.
package enum YAMLEdit {
    /// `text` with the scalar `node` replaced by `replacement`, which must be YAML for one scalar (`7`, `"x y"`).
    ///
    /// - Parameter node: of the tree read from exactly this `text`, on one line.
    /// - Throws: ``DiagnosticsError`` when the scalar cannot be replaced where it stands: an alias, whose anchor others
    ///   may use too; a text over several lines; a value that is not there.
    package static func replacing(
        _ node: YAMLNode,
        with replacement: String,
        in text: String,
    ) throws(DiagnosticsError) -> String {
        let location = node.location
        if node.isAlias { throw refusal("the value is an alias; change it at its anchor", node, text) }
        guard let scalar = node.scalar, scalar.style != .literal, scalar.style != .folded, !scalar.text.isEmpty else {
            throw refusal("the value is not a word on one line", node, text)
        }
        guard let start = location.index(in: text),
            let end = text.index(start, offsetBy: location.length, limitedBy: text.endIndex),
            isWhole(scalar, written: text[start..<end])
        else { throw refusal("the value is not on one line", node, text) }
        return String(text[..<start]) + replacement + text[end...]
    }

    private static func isWhole(_ scalar: YAMLScalar, written: Substring) -> Bool {
        switch scalar.style {
        case .plain: written == scalar.text
        case .singleQuoted: written.count > 1 && written.hasSuffix("'")
        case .doubleQuoted: written.count > 1 && written.hasSuffix("\"")
        case .literal, .folded: false
        }
    }

    private static func refusal(_ message: String, _ node: YAMLNode, _ text: String) -> DiagnosticsError {
        let diagnostic = Diagnostic.error("cannot edit this: \(message)", at: node.location)
        return DiagnosticsError([diagnostic], sources: [node.location.file: text])
    }
}
