import Diagnostics

/// Reads values out of a YAML tree and collects everything that is wrong on the way, so that one run shows all of it.
///
///     var decoder = YAMLDecoder(schema: .core)
///     guard let role = decoder.fields(of: node, as: "a role", keys: ["name", "count"]) else { … }
///     let name = decoder.requiredString("name", in: role)
///     let count = decoder.int("count", in: role) ?? 1
package struct YAMLDecoder: Sendable {
    /// Findings so far, in the order of the checks.
    package var diagnostics: [Diagnostic] = []
    /// YAML version whose rules resolve plain scalars.
    package let schema: YAMLSchema
    /// True when `-` in a key counts as `_`.
    package let foldsHyphens: Bool
    /// Severity of an unknown key.
    package let unknownKeys: Diagnostic.Severity
    /// Severity of a value of a wrong type: a warning where it is ignored.
    package let mismatches: Diagnostic.Severity

    package init(
        schema: YAMLSchema = .core,
        foldsHyphens: Bool = false,
        unknownKeys: Diagnostic.Severity = .error,
        mismatches: Diagnostic.Severity = .error,
    ) {
        self.schema = schema
        self.foldsHyphens = foldsHyphens
        self.unknownKeys = unknownKeys
        self.mismatches = mismatches
    }

    // MARK: Mappings

    /// The fields of a mapping, its unknown keys reported with the nearest valid one.
    ///
    /// - Parameters:
    ///   - what: the thing with its article, such as "a role", for the messages.
    ///   - keys: every valid key.
    package mutating func fields(of node: YAMLNode, as what: String, keys: [String]) -> YAMLFields? {
        guard let pairs = node.pairs else {
            reportMismatch("expected a mapping for \(what), found \(node.found)", at: node.location)
            return nil
        }
        let fields = YAMLFields(pairs: Self.lastOfEachKey(pairs).map(normalized), what: what, location: node.location)
        for pair in fields.pairs where !keys.contains(pair.key) {
            diagnostics.append(unknownKey(pair, of: what, keys: keys))
        }
        return fields
    }

    /// The fields of the mapping under `key`; nil when it is absent (or wrong, which is reported).
    package mutating func fields(
        _ key: String,
        in parent: YAMLFields,
        as what: String,
        keys: [String],
    ) -> YAMLFields? {
        guard let pair = parent.pair(key) else { return nil }
        guard !pair.value.isNull else {
            report("expected a mapping for \(what), found nothing", at: pair.keyLocation)
            return nil
        }
        return fields(of: pair.value, as: what, keys: keys)
    }

    private static func lastOfEachKey(_ pairs: [YAMLPair]) -> [YAMLPair] {
        var seen: Set<String> = []
        return pairs.reversed().filter { seen.insert($0.key).inserted }.reversed()
    }

    private func normalized(_ pair: YAMLPair) -> YAMLPair {
        guard foldsHyphens else { return pair }
        var pair = pair
        pair.key = String(pair.key.map { $0 == "-" ? "_" : $0 })
        return pair
    }

    private func unknownKey(_ pair: YAMLPair, of what: String, keys: [String]) -> Diagnostic {
        let notes =
            if let nearest = Spelling.nearest(to: pair.key, among: keys) {
                ["did you mean \"\(nearest)\"?"]
            } else {
                ["\(what) can have \(keys.sorted().joined(separator: ", "))"]
            }
        return Diagnostic(
            unknownKeys,
            "unknown key \"\(pair.key)\" in \(what)",
            at: pair.keyLocation,
            notes: notes,
            code: .unknownKey,
        )
    }

    // MARK: Scalars

    /// String of an optional key; another type is reported.
    package mutating func string(_ key: String, in fields: YAMLFields) -> String? {
        value(key, in: fields, expected: "text") { $0.asString }
    }

    /// String of a key that has to be there; its absence is reported.
    package mutating func requiredString(_ key: String, in fields: YAMLFields) -> String? {
        require(key, in: fields) ? string(key, in: fields) : nil
    }

    /// Integer of an optional key; another type is reported.
    package mutating func int(_ key: String, in fields: YAMLFields) -> Int? {
        let schema = schema
        return value(key, in: fields, expected: "a whole number") { node in
            // The original cut what follows the point.
            node.asInt(schema)
                ?? (schema == .coreOS ? node.asDouble(schema).flatMap { Int(exactly: $0.rounded(.towardZero)) } : nil)
        }
    }

    /// Number of an optional key; another type is reported.
    package mutating func double(_ key: String, in fields: YAMLFields) -> Double? {
        let schema = schema
        return value(key, in: fields, expected: "a number") { $0.asDouble(schema) }
    }

    /// Boolean of an optional key; another type is reported.
    package mutating func bool(_ key: String, in fields: YAMLFields) -> Bool? {
        let schema = schema
        return value(key, in: fields, expected: "true or false") { $0.asBool(schema) }
    }

    /// One of a set of words.
    package mutating func word<Word: RawRepresentable & CaseIterable>(
        _ key: String,
        in fields: YAMLFields,
        as type: Word.Type,
    ) -> Word? where Word.RawValue == String {
        guard let text = string(key, in: fields), let node = fields[key] else { return nil }
        if let word = Word(rawValue: text) { return word }
        let valid = Word.allCases.map(\.rawValue)
        var notes = ["valid: \(valid.joined(separator: ", "))"]
        if let nearest = Spelling.nearest(to: text, among: valid) { notes = ["did you mean \"\(nearest)\"?"] + notes }
        report("\"\(key)\" cannot be \"\(text)\"", at: node.location, notes: notes)
        return nil
    }

    /// Reads `key` by `read`, or says what was expected and what is there. Nil, and no report, when it is absent.
    package mutating func value<Value>(
        _ key: String,
        in fields: YAMLFields,
        expected: String,
        _ read: (YAMLNode) -> Value?,
    ) -> Value? {
        guard let pair = fields.pair(key) else { return nil }
        if let value = read(pair.value) { return value }
        reportMismatch(pair, expected: expected)
        return nil
    }

    // MARK: Lists

    /// The elements of a list; empty when it is absent.
    package mutating func list(_ key: String, in fields: YAMLFields) -> [YAMLNode] {
        value(key, in: fields, expected: "a list") { $0.elements } ?? []
    }

    /// A list of texts; elements that are something else are reported and left out.
    package mutating func strings(_ key: String, in fields: YAMLFields) -> [String] {
        list(key, in: fields).compactMap { element in
            if let text = element.asString { return text }
            report("expected text in \"\(key)\", found \(element.found)", at: element.location)
            return nil
        }
    }

    // MARK: Reports

    /// Returns whether `key` is there; reports it as missing when not.
    package mutating func require(_ key: String, in fields: YAMLFields) -> Bool {
        guard fields[key] == nil else { return true }
        report("\(fields.what) needs \"\(key)\"", at: fields.location)
        return false
    }

    /// Adds an error.
    package mutating func report(_ message: String, at location: SourceLocation?, notes: [String] = []) {
        diagnostics.append(.error(message, at: location, notes: notes))
    }

    /// Reports that a value is of another type than expected.
    package mutating func reportMismatch(_ message: String, at location: SourceLocation?, notes: [String] = []) {
        diagnostics.append(Diagnostic(mismatches, message, at: location, notes: notes))
    }

    /// Adds a warning.
    package mutating func warn(_ message: String, at location: SourceLocation?, notes: [String] = []) {
        diagnostics.append(.warning(message, at: location, notes: notes))
    }

    private mutating func reportMismatch(_ pair: YAMLPair, expected: String) {
        // A value that is not there has no place of its own.
        let location =
            pair.value.asString == "" || pair.value.scalar?.text == "" ? pair.keyLocation : pair.value.location
        var notes: [String] = []
        if expected == "true or false", schema == .core, pair.value.asBool(.coreOS) != nil {
            notes.append("write true or false, without quotes")
        }
        reportMismatch(
            "expected \(expected) for \"\(pair.key)\", found \(pair.value.found)",
            at: location,
            notes: notes
        )
    }
}

/// A mapping whose keys were checked.
package struct YAMLFields: Sendable, Hashable {
    /// In the order of the file; keys as normalised, so that `write-files` and `write_files` can be there side by side.
    package let pairs: [YAMLPair]
    /// The thing with its article, such as "a role".
    package let what: String
    /// Location of the mapping.
    package let location: SourceLocation

    /// Last pair with this key, as the last one counts; nil where there is none.
    package func pair(_ key: String) -> YAMLPair? { pairs.last { $0.key == key } }
    /// Value of a key; nil where it is missing.
    package subscript(key: String) -> YAMLNode? { pair(key)?.value }

    /// The place of a key's value, for messages about what it says; that of the mapping when it is absent.
    package func location(of key: String) -> SourceLocation {
        guard let pair = pair(key) else { return location }
        return pair.value.scalar?.text == "" && pair.value.scalar?.style == .plain
            ? pair.keyLocation : pair.value.location
    }
}
