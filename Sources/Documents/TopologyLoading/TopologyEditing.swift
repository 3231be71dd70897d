import Diagnostics
import LocatedYAML

/// Changes to a topology file that leave everything else byte for byte as it was: comments, order, spacing.
package enum TopologyEditing {
    /// `text` with the count of a role set to `count`; a role that states none gets one as its first key.
    ///
    /// - Parameter file: the name in places.
    /// - Throws: every reason why the file cannot be changed so: it is not YAML, has no such role, or has its count by
    ///   an alias that others use too.
    package static func setCount(
        role: String,
        to count: Int,
        in text: String,
        file: String,
    ) throws(DiagnosticsError) -> String {
        try set("count", ofRole: role, to: "\(count)", in: text, file: file)
    }

    /// `text` with a key of a role, or of the file where none is named, set to a plain word; where it is not stated, it
    /// becomes the first key.
    ///
    /// - Parameter file: the name in places.
    /// - Throws: every reason why the file cannot be changed so.
    package static func set(
        _ key: String,
        ofRole role: String?,
        to value: String,
        in text: String,
        file: String,
    ) throws(DiagnosticsError) -> String {
        let document = YAMLDocument(parsing: text, file: file)
        if document.diagnostics.hasErrors { throw DiagnosticsError(document.diagnostics, sources: [file: text]) }
        let found = try Found(key: key, value: value, role: role, document, text: text, file: file)
        let edited = try edit(found, in: text)
        // The file is the user's own: better no change than one that means something else.
        let result = YAMLDocument(parsing: edited, file: file)
        var expected = Self.values(of: key, in: document)
        expected[role ?? ""] = value
        guard !result.diagnostics.hasErrors, Self.values(of: key, in: result) == expected else {
            throw refusal(found, text)
        }
        return edited
    }

    /// The mapping that a key is set in.
    private struct Found {
        var key: String
        var value: String
        /// Name of the role; nil for the file.
        var role: String?
        var mapping: YAMLNode
        var location: SourceLocation

        init(
            key: String,
            value: String,
            role: String?,
            _ document: YAMLDocument,
            text: String,
            file: String,
        ) throws(DiagnosticsError) {
            (self.key, self.value, self.role) = (key, value, role)
            guard let role else {
                guard let root = document.root else {
                    throw DiagnosticsError([.error("\(file) is empty")], sources: [file: text])
                }
                (mapping, location) = (root, root.location)
                return
            }
            let roles = document.root?["roles"]?.pairs ?? []
            if let pair = roles.last(where: { $0.key == role }) {
                (mapping, location) = (pair.value, pair.keyLocation)
                return
            }
            let near = Spelling.nearest(to: role, among: roles.map(\.key))
            let valid = "the roles are \(roles.map(\.key).joined(separator: ", "))"
            let notes = (near.map { ["did you mean \"\($0)\"?"] } ?? []) + (roles.isEmpty ? [] : [valid])
            throw DiagnosticsError([.error("\(file) has no role \"\(role)\"", notes: notes)], sources: [file: text])
        }
    }

    /// Values of a key, by role; the file's own under an empty name.
    private static func values(of key: String, in document: YAMLDocument) -> [String: String] {
        let roles = document.root?["roles"]?.pairs ?? []
        let own = [("", document.root?[key]?.asString ?? "")]
        return Dictionary(own + roles.map { ($0.key, $0.value[key]?.asString ?? "") }) { $1 }
    }

    private static func edit(_ found: Found, in text: String) throws(DiagnosticsError) -> String {
        let mapping = found.mapping
        if mapping.isAlias { throw refusal(found, text) }
        // What a merge key (<<) brings stands above, at its anchor, where it is not this role's alone.
        let own = mapping.pairs?.filter { $0.keyLocation >= mapping.location } ?? []
        if let pair = own.last(where: { $0.key == found.key }) {
            return try YAMLEdit.replacing(pair.value, with: found.value, in: text)
        }
        guard let edited = insert(found, firstKey: own.first?.keyLocation, in: text) else {
            throw refusal(found, text)
        }
        return edited
    }

    private static func refusal(_ found: Found, _ text: String) -> DiagnosticsError {
        let whose = found.role.map { " of role \"\($0)\"" } ?? ""
        let message = "cannot set the \(found.key)\(whose) here; write `\(found.key): \(found.value)` by hand"
        return DiagnosticsError([.error(message, at: found.location)], sources: [found.location.file: text])
    }

    private static func insert(_ found: Found, firstKey: SourceLocation?, in text: String) -> String? {
        let (mapping, pair) = (found.mapping, "\(found.key): \(found.value)")
        guard mapping.pairs != nil, let start = mapping.location.index(in: text), start < text.endIndex else {
            return nil
        }
        if text[start...].first == "{" {
            let after = text.index(after: start)
            let isEmpty = text[after...].first { !$0.isWhitespace } == "}"
            return String(text[..<after]) + pair + (isEmpty ? "" : ", ") + text[after...]
        }
        guard let index = firstKey?.index(in: text), index < text.endIndex else { return nil }
        let lineStart = text[..<index].lastIndex(where: \.isNewline).map { text.index(after: $0) } ?? text.startIndex
        let indentation = text[lineStart..<index]
        guard indentation.allSatisfy({ $0 == " " }) else { return nil }
        let lineEnd = text[index...].first(where: \.isNewline) ?? "\n"
        return String(text[..<index]) + "\(pair)\(lineEnd)\(indentation)" + text[index...]
    }
}
