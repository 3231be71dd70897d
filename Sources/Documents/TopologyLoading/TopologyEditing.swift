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
        let found = try find(role, in: text, file: file)
        let edited = try edit(found, count: count, in: text)
        // The file is the user's own: better no change than one that means something else.
        let result = YAMLDocument(parsing: edited, file: file)
        guard !result.diagnostics.hasErrors, counts(in: result) == expected(found, count: count) else {
            throw refusal(found, count, text)
        }
        return edited
    }

    private struct Found {
        var pair: YAMLPair
        var counts: [String: String]
    }

    private static func find(_ role: String, in text: String, file: String) throws(DiagnosticsError) -> Found {
        let document = YAMLDocument(parsing: text, file: file)
        if document.diagnostics.hasErrors { throw DiagnosticsError(document.diagnostics, sources: [file: text]) }
        let roles = document.root?["roles"]?.pairs ?? []
        if let pair = roles.last(where: { $0.key == role }) { return Found(pair: pair, counts: counts(in: document)) }
        let near = Spelling.nearest(to: role, among: roles.map(\.key))
        let valid = "the roles are \(roles.map(\.key).joined(separator: ", "))"
        let notes = (near.map { ["did you mean \"\($0)\"?"] } ?? []) + (roles.isEmpty ? [] : [valid])
        throw DiagnosticsError([.error("\(file) has no role \"\(role)\"", notes: notes)], sources: [file: text])
    }

    private static func counts(in document: YAMLDocument) -> [String: String] {
        let roles = document.root?["roles"]?.pairs ?? []
        return Dictionary(roles.map { ($0.key, $0.value["count"]?.asString ?? "") }) { $1 }
    }

    private static func expected(_ found: Found, count: Int) -> [String: String] {
        found.counts.merging([found.pair.key: "\(count)"]) { $1 }
    }

    private static func edit(_ found: Found, count: Int, in text: String) throws(DiagnosticsError) -> String {
        let role = found.pair.value
        if role.isAlias { throw refusal(found, count, text) }
        // What a merge key (<<) brings stands above, at its anchor, where it is not this role's alone.
        let own = role.pairs?.filter { $0.keyLocation >= role.location } ?? []
        if let pair = own.last(where: { $0.key == "count" }) {
            return try YAMLEdit.replacing(pair.value, with: "\(count)", in: text)
        }
        guard let edited = insert(count, into: role, firstKey: own.first?.keyLocation, in: text) else {
            throw refusal(found, count, text)
        }
        return edited
    }

    private static func refusal(_ found: Found, _ count: Int, _ text: String) -> DiagnosticsError {
        let message = "cannot set the count of role \"\(found.pair.key)\" here; write `count: \(count)` by hand"
        let place = found.pair.keyLocation
        return DiagnosticsError([.error(message, at: place)], sources: [place.file: text])
    }

    private static func insert(
        _ count: Int,
        into role: YAMLNode,
        firstKey: SourceLocation?,
        in text: String,
    ) -> String? {
        guard role.pairs != nil, let start = role.location.index(in: text), start < text.endIndex else { return nil }
        if text[start...].first == "{" {
            let after = text.index(after: start)
            let isEmpty = text[after...].first { !$0.isWhitespace } == "}"
            return text[..<after] + "count: \(count)\(isEmpty ? "" : ", ")" + text[after...]
        }
        guard let index = firstKey?.index(in: text), index < text.endIndex else { return nil }
        let lineStart = text[..<index].lastIndex(where: \.isNewline).map { text.index(after: $0) } ?? text.startIndex
        let indentation = text[lineStart..<index]
        guard indentation.allSatisfy({ $0 == " " }) else { return nil }
        let lineEnd = text[index...].first(where: \.isNewline) ?? "\n"
        return text[..<index] + "count: \(count)\(lineEnd)\(indentation)" + text[index...]
    }
}
