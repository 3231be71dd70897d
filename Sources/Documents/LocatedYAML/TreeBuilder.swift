import Diagnostics

/// Builds a document's tree from libyaml's events: places in characters, aliases and merge keys carried out, duplicate
/// keys noted.
struct TreeBuilder {
    let source: SourceText
    private let joinsDuplicates: Bool
    private var errors: [Diagnostic] = []
    private var duplicates: [(key: YAMLPair, first: YAMLPair)] = []
    /// What aliases may refer to, and of how many values it is made.
    private var anchors: [String: (node: YAMLNode, count: Int)] = [:]
    private var count = 0
    private var depth = 0

    /// Deeper than any real file; beyond it libyaml and this builder would run out of stack.
    private static let depthLimit = 500

    init(source: SourceText, joinsDuplicates: Bool = false) {
        self.source = source
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

    /// The tree that begins with `event`, read up to its end.
    mutating func build(_ event: YAMLEvent, _ events: inout YAMLEvents) throws(YAMLSyntaxError) -> YAMLNode {
        if case .alias(let name) = event.kind { return try alias(name, event) }
        let before = count
        count += 1
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw YAMLSyntaxError(
                problem: "lists and mappings are more than \(Self.depthLimit) deep in each other",
                place: .mark(event.mark)
            )
        }
        let index = skipProperties(from: source.index(of: event.mark))
        let node: YAMLNode
        switch event.kind {
        case .scalar(let scalar): node = build(scalar, event, at: index)
        case .sequenceStart:
            node = YAMLNode(.sequence(try elements(&events)), at: source.location(of: index))
        case .mappingStart:
            node = YAMLNode(.mapping(try pairs(&events)), at: source.location(of: index))
        default: throw YAMLSyntaxError(problem: "found no value", place: .mark(event.mark))
        }
        // Only now: what a value is made of cannot refer to the value.
        if let anchor = event.anchor { anchors[anchor] = (node, count - before) }
        return node
    }

    private mutating func alias(_ name: String, _ event: YAMLEvent) throws(YAMLSyntaxError) -> YAMLNode {
        guard let anchored = anchors[name] else {
            throw YAMLSyntaxError(problem: "found undefined alias", place: .mark(event.mark))
        }
        let location = source.location(of: source.index(of: event.mark))
        let nothing = YAMLNode(.scalar(YAMLScalar("")), at: location, isAlias: true)
        // Aliases of aliases soon stand for more values than a number can count.
        guard !isOverLimit else { return nothing }
        count += anchored.count
        guard isOverLimit else { return anchored.node.asAlias }
        errors.append(.error("aliases make more than \(YAMLDocument.nodeLimit) values of this file", at: location))
        return nothing
    }

    private func build(_ scalar: YAMLScalar, _ event: YAMLEvent, at index: Int) -> YAMLNode {
        let location = source.location(of: index, length: length(of: scalar, from: index, to: event.end))
        // That what is quoted is a string says no more than the quotes do.
        let isExplicit = scalar.style == .plain || event.tag != YAMLTag.string
        return YAMLNode(.scalar(scalar), at: location, tag: isExplicit ? event.tag : nil)
    }

    private mutating func elements(_ events: inout YAMLEvents) throws(YAMLSyntaxError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { return elements }
            elements.append(try build(event, &events))
        }
    }

    private mutating func pairs(_ events: inout YAMLEvents) throws(YAMLSyntaxError) -> [YAMLPair] {
        var pairs: [YAMLPair] = []
        var merged: [YAMLPair] = []
        var seen: [String: YAMLPair] = [:]
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { break }
            let keyNode = try build(event, &events)
            let valueNode = try build(try events.next(), &events)
            guard let name = keyNode.scalar?.text else {
                errors.append(.error("a key must be a word, not \(keyNode.found)", at: keyNode.location))
                continue
            }
            if name == "<<", keyNode.scalar?.style == .plain {
                merged += mergedPairs(valueNode)
                continue
            }
            let pair = YAMLPair(key: name, keyLocation: keyNode.location, value: valueNode)
            let first = seen[name]
            if let first { duplicates.append((pair, first)) } else { seen[name] = pair }
            if joinsDuplicates, first != nil, let index = pairs.lastIndex(where: { $0.key == name }),
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
        func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }
        var index = start
        while index < source.scalars.count, source.scalars[index] == "!" || source.scalars[index] == "&" {
            let end = source.index(after: index) { !isBlank($0) }
            let next = source.index(after: end, while: isBlank)
            guard !source.isEndOfLine(next), source.scalars[next] != "#" else { break }
            index = next
        }
        return index
    }

    /// Returns the number of characters that a scalar takes of its first line.
    private func length(of scalar: YAMLScalar, from index: Int, to end: YAMLMark) -> Int {
        switch scalar.style {
        case .plain, .singleQuoted, .doubleQuoted:
            source.characters(from: index, to: min(source.index(of: end), source.endOfText(onLineOf: index)))
        case .literal, .folded:
            source.characters(from: index, to: source.index(after: index) { $0 != " " && $0 != "#" })
        }
    }
}
