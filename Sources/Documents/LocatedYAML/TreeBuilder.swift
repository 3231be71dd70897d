import Diagnostics
import Yams

/// Turns Yams' nodes into ours: places in characters, merge keys carried out, duplicate keys noted.
struct TreeBuilder {
    let source: SourceText
    let originalKeys: [String: String]
    private let joinsDuplicates: Bool
    private var errors: [Diagnostic] = []
    private var duplicates: [(key: YAMLPair, first: YAMLPair)] = []
    private var count = 0
    /// The furthest place read so far; what stands before it is an alias.
    private var furthest = -1
    private var lastScalar = -1

    init(source: SourceText, originalKeys: [String: String], joinsDuplicates: Bool = false) {
        self.source = source
        self.originalKeys = originalKeys
        self.joinsDuplicates = joinsDuplicates
    }

    var isOverLimit: Bool { count > YAMLDocument.nodeLimit }

    func diagnostics(duplicateKeys severity: Diagnostic.Severity) -> [Diagnostic] {
        errors
            + duplicates.map { key, first in
                let isJoined = joinsDuplicates && first.value.joined(with: key.value) != nil
                let effect = isJoined ? "both are read" : "only the last one counts"
                return Diagnostic(
                    severity,
                    "duplicate key \"\(key.key)\"",
                    at: key.keyLocation,
                    notes: ["it is set first at line \(first.keyLocation.line); \(effect)"],
                    code: .duplicateKey,
                )
            }
    }

    mutating func build(_ node: Node) -> YAMLNode {
        count += 1
        let start = node.mark.map { source.index(line: $0.line - 1, column: $0.column - 1) } ?? 0
        let isAlias = start < furthest || start == lastScalar
        furthest = max(furthest, start)
        let index = skipProperties(from: start)
        guard !isOverLimit else { return tooMany(at: index) }
        switch node {
        case .scalar(let scalar):
            lastScalar = scalar.string.isEmpty ? lastScalar : start
            return build(scalar, at: index, isAlias: isAlias)
        case .sequence(let sequence):
            let elements = sequence.map { build($0) }
            return YAMLNode(.sequence(elements), at: source.location(of: index), isAlias: isAlias)
        case .mapping(let mapping):
            let pairs = buildPairs(mapping)
            return YAMLNode(.mapping(pairs), at: source.location(of: index), isAlias: isAlias)
        case .alias:
            // Only Yams' encoder makes these.
            return YAMLNode(.scalar(YAMLScalar("")), at: source.location(of: index))
        }
    }

    private func build(_ scalar: Node.Scalar, at index: Int, isAlias: Bool) -> YAMLNode {
        let value = YAMLScalar(originalKeys[scalar.string] ?? scalar.string, style: style(scalar.style))
        let location = source.location(of: index, length: length(of: value, at: index))
        // Yams tags what is quoted as a string; that says no more than the style does.
        let isExplicit = scalar.tag != .implicit && (value.style == .plain || scalar.tag.rawValue != YAMLTag.string)
        return YAMLNode(.scalar(value), at: location, tag: isExplicit ? scalar.tag.rawValue : nil, isAlias: isAlias)
    }

    private mutating func tooMany(at index: Int) -> YAMLNode {
        if count == YAMLDocument.nodeLimit + 1 {
            let message = "aliases make more than \(YAMLDocument.nodeLimit) values of this file"
            errors.append(.error(message, at: source.location(of: index)))
        }
        return YAMLNode(.scalar(YAMLScalar("")), at: source.location(of: index))
    }

    private mutating func buildPairs(_ mapping: Node.Mapping) -> [YAMLPair] {
        var pairs: [YAMLPair] = []
        var merged: [YAMLPair] = []
        var seen: [String: YAMLPair] = [:]
        for (key, value) in mapping where !isOverLimit {
            let keyNode = build(key)
            let valueNode = build(value)
            guard let name = keyNode.scalar?.text else {
                errors.append(.error("a key must be a word, not \(keyNode.found)", at: keyNode.location))
                continue
            }
            if name == "<<", keyNode.scalar?.style == .plain {
                merged += mergedPairs(valueNode)
                continue
            }
            let pair = YAMLPair(key: name, keyLocation: keyNode.location, value: valueNode)
            if let first = seen[name] { duplicates.append((pair, first)) } else { seen[name] = pair }
            if joinsDuplicates, let index = pairs.lastIndex(where: { $0.key == name }),
                let joined = pairs[index].value.joined(with: valueNode)
            {
                pairs[index].value = joined
            } else {
                pairs.append(pair)
            }
        }
        for pair in merged where seen[pair.key] == nil {
            seen[pair.key] = pair
            pairs.append(pair)
        }
        return pairs
    }

    /// Returns the pairs of a merge key: of one mapping or of a list of them, where earlier ones take precedence.
    private mutating func mergedPairs(_ node: YAMLNode) -> [YAMLPair] {
        if let pairs = node.pairs { return pairs }
        if let elements = node.elements, elements.allSatisfy({ $0.pairs != nil }) {
            return elements.flatMap { $0.pairs ?? [] }
        }
        errors.append(.error("a merge key (<<) takes a mapping, found \(node.found)", at: node.location))
        return []
    }

    /// Past `!tag` and `&anchor`, so that the place is that of the value.
    private func skipProperties(from start: Int) -> Int {
        var index = start
        while index < source.scalars.count, source.scalars[index] == "!" || source.scalars[index] == "&" {
            let rest = source.restOfLine(from: index)
            let word = rest.prefix { $0 != " " && $0 != "\t" }
            let gap = rest[word.endIndex...].prefix { $0 == " " || $0 == "\t" }
            guard gap.endIndex < rest.endIndex, source.scalars[gap.endIndex] != "#" else { break }
            index = gap.endIndex
        }
        return index
    }

    private func style(_ style: Node.Scalar.Style) -> YAMLScalar.Style {
        switch style {
        case .singleQuoted: .singleQuoted
        case .doubleQuoted: .doubleQuoted
        case .literal: .literal
        case .folded: .folded
        case .any, .plain: .plain
        }
    }

    /// Returns the number of characters that a scalar takes of its first line.
    private func length(of scalar: YAMLScalar, at index: Int) -> Int {
        let rest = source.restOfLine(from: index)
        switch scalar.style {
        case .plain:
            let expected = Array(scalar.text.unicodeScalars)
            if rest.starts(with: expected) { return SourceText.characters(rest.prefix(expected.count)) }
            let words = rest.reversed().drop { $0 == " " || $0 == "\t" }
            return words.count
        case .singleQuoted, .doubleQuoted:
            return SourceText.characters(rest.prefix(quotedLength(rest, isDouble: scalar.style == .doubleQuoted)))
        case .literal, .folded:
            return SourceText.characters(rest.prefix { $0 != " " && $0 != "#" })
        }
    }

    /// The scalars up to and with the closing quote, or all of the line when it closes further down.
    private func quotedLength(_ rest: ArraySlice<Unicode.Scalar>, isDouble: Bool) -> Int {
        let quote: Unicode.Scalar = isDouble ? "\"" : "'"
        var index = rest.startIndex + 1
        while index < rest.endIndex {
            if isDouble, rest[index] == "\\" {
                index += 2
            } else if rest[index] == quote {
                guard !isDouble, index + 1 < rest.endIndex, rest[index + 1] == quote else {
                    return index + 1 - rest.startIndex
                }
                index += 2
            } else {
                index += 1
            }
        }
        return rest.count
    }
}
