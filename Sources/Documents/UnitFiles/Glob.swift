/// A shell pattern with the meaning of Go's `path.Match`, which `Conflicts=` and `Replaces=` use: `*` and `?` do not
/// match a slash, `[a-c]` and `[^x]` are sets, a backslash takes the meaning from the next character. A malformed
/// pattern matches nothing.
package struct Glob: Sendable, Hashable {
    private enum Token: Sendable, Hashable {
        case star
        case any
        case literal(Unicode.Scalar)
        case set(negated: Bool, ranges: [ClosedRange<Unicode.Scalar>])

        func matches(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .star: false
            case .any: scalar != "/"
            case .literal(let wanted): scalar == wanted
            case .set(let negated, let ranges): ranges.contains { $0.contains(scalar) } != negated
            }
        }
    }

    /// The pattern as written.
    package let pattern: String
    private let tokens: [Token]?

    /// Parses a pattern.
    package init(_ pattern: String) {
        self.pattern = pattern
        tokens = Glob.compile(pattern)
    }

    /// True when the pattern is malformed: an unclosed set, a backslash at the end.
    package var isMalformed: Bool { tokens == nil }

    /// The only text this pattern can match, when it has no wildcard.
    package var literal: String? {
        guard let tokens else { return nil }
        var text = String.UnicodeScalarView()
        for token in tokens {
            guard case .literal(let scalar) = token else { return nil }
            text.append(scalar)
        }
        return String(text)
    }

    /// Literal prefix of every matching text.
    package var literalPrefix: String {
        var text = String.UnicodeScalarView()
        for token in tokens ?? [] {
            guard case .literal(let scalar) = token else { break }
            text.append(scalar)
        }
        return String(text)
    }

    /// Returns whether the whole of `text` matches.
    package func matches(_ text: String) -> Bool {
        guard let tokens else { return false }
        let scalars = Array(text.unicodeScalars)
        var (token, position) = (0, 0)
        // Where the last star stands, and how far it reaches; only it is ever stretched, as in Go.
        var star: (token: Int, end: Int)?
        while position < scalars.count || token < tokens.count {
            if token < tokens.count, case .star = tokens[token] {
                star = (token, position)
                token += 1
            } else if position < scalars.count, token < tokens.count, tokens[token].matches(scalars[position]) {
                token += 1
                position += 1
            } else if let last = star, last.end < scalars.count, scalars[last.end] != "/" {
                star = (last.token, last.end + 1)
                token = last.token + 1
                position = last.end + 1
            } else {
                return false
            }
        }
        return true
    }

    private static func compile(_ pattern: String) -> [Token]? {
        var rest = Array(pattern.unicodeScalars)[...]
        var tokens: [Token] = []
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*":
                if tokens.last != .star { tokens.append(.star) }
            case "?":
                tokens.append(.any)
            case "[":
                guard let set = compileSet(&rest) else { return nil }
                tokens.append(set)
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                tokens.append(.literal(escaped))
            default:
                tokens.append(.literal(scalar))
            }
        }
        return tokens
    }

    private static func compileSet(_ rest: inout ArraySlice<Unicode.Scalar>) -> Token? {
        let negated = rest.first == "^"
        if negated { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        var members = 0
        while members == 0 || rest.first != "]" {
            guard let low = member(&rest) else { return nil }
            var high = low
            if rest.first == "-" {
                rest.removeFirst()
                guard let end = member(&rest) else { return nil }
                high = end
            }
            if low <= high { ranges.append(low...high) }
            members += 1
        }
        rest.removeFirst()
        return .set(negated: negated, ranges: ranges)
    }

    private static func member(_ rest: inout ArraySlice<Unicode.Scalar>) -> Unicode.Scalar? {
        guard let first = rest.popFirst(), first != "-", first != "]" else { return nil }
        guard let member = first == "\\" ? rest.popFirst() : first else { return nil }
        // A set that ends with the pattern was never closed.
        return rest.isEmpty ? nil : member
    }
}

extension Glob: CustomStringConvertible {
    package var description: String { pattern }
}

extension Glob: Comparable {
    package static func < (lhs: Glob, rhs: Glob) -> Bool { lhs.pattern < rhs.pattern }
}
