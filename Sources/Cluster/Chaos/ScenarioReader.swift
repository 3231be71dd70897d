import Basics
import Diagnostics
import LocatedYAML

/// Result of reading a scenario.
package struct LoadedScenario: Sendable {
    /// Nil when there are errors.
    package var scenario: Scenario?
    /// All that is wrong or doubtful, in reading order.
    package var diagnostics: [Diagnostic]
    /// The text the diagnostics point into, by file.
    package var sources: [String: String]

    /// Reads a text, and reports all mistakes at once.
    ///
    /// - Parameter file: the name in places.
    package init(_ text: String, file: String) {
        let document = YAMLDocument(parsing: text, file: file)
        var reader = ScenarioReader()
        var scenario: Scenario?
        if let root = document.root {
            scenario = reader.read(root)
        } else if document.diagnostics.isEmpty {
            reader.decoder.report(
                "the file is empty",
                at: SourceLocation(file: file, line: 1, column: 1),
                notes: ["the least there is: `name: demo`, and under `faults` a `- fault: power-off`"],
            )
        }
        diagnostics = (document.diagnostics + reader.decoder.diagnostics).inReadingOrder
        self.scenario = diagnostics.hasErrors ? nil : scenario
        sources = [file: text]
    }

    /// The scenario, or everything that is wrong with it as an error.
    package func checked() throws(DiagnosticsError) -> Scenario {
        guard let scenario else { throw DiagnosticsError(diagnostics, sources: sources) }
        return scenario
    }
}

/// Goes through the tree of one scenario. A faulty value is reported and replaced by a default.
struct ScenarioReader {
    var decoder = YAMLDecoder()

    static let keys = ["name", "every", "limits", "faults"]
    static let limitKeys = ["members", "nodes", "faults"]
    static let faultKeys = ["fault", "weight", "lasts", "roles", "nodes", "group", "directions"]
    /// Most nodes that a cluster can have is less.
    static let mostNodes = 1000
    /// A day.
    static let mostSeconds = 86_400.0

    mutating func read(_ root: YAMLNode) -> Scenario? {
        guard let fields = decoder.fields(of: root, as: "the scenario", keys: Self.keys) else { return nil }
        let name = decoder.requiredString("name", in: fields) ?? "unnamed"
        let every = seconds("every", in: fields) ?? 5...15
        let limits = readLimits(fields)
        guard decoder.require("faults", in: fields) else { return nil }
        let elements = decoder.list("faults", in: fields)
        if elements.isEmpty, fields["faults"]?.elements != nil {
            decoder.report("\"faults\" is empty; there has to be one", at: fields.location(of: "faults"))
        }
        let entries = elements.compactMap { readEntry($0) }
        return Scenario(name: name, every: every, limits: limits, entries: entries)
    }

    private mutating func readLimits(_ root: YAMLFields) -> Scenario.Limits {
        var limits = Scenario.Limits()
        guard let fields = decoder.fields("limits", in: root, as: "the limits", keys: Self.limitKeys) else {
            return limits
        }
        if fields["members"]?.asString != "minority" {
            limits.members = integer("members", in: fields, 0...Self.mostNodes, or: "`minority`")
        }
        limits.nodes = integer("nodes", in: fields, 1...Self.mostNodes)
        limits.faults = integer("faults", in: fields, 1...Self.mostNodes) ?? 1
        return limits
    }

    private mutating func readEntry(_ node: YAMLNode) -> Scenario.Entry? {
        guard let fields = decoder.fields(of: node, as: "a fault", keys: Self.faultKeys) else { return nil }
        guard decoder.require("fault", in: fields), let kind = decoder.word("fault", in: fields, as: FaultKind.self)
        else { return nil }
        var entry = Scenario.Entry(kind)
        entry.weight = integer("weight", in: fields, 1...1000) ?? 1
        if let lasts = seconds("lasts", in: fields) {
            if kind.isInstant {
                decoder.report(
                    "\(kind.rawValue) is over at once; it takes no \"lasts\"",
                    at: fields.location(of: "lasts")
                )
            }
            entry.lasts = lasts
        }
        if kind.isOfHost, let key = ["roles", "nodes", "group"].first(where: { fields[$0] != nil }) {
            decoder.report("\(kind.rawValue) is of the host; it takes no \"\(key)\"", at: fields.location(of: key))
            return nil
        }
        entry.roles = decoder.strings("roles", in: fields)
        entry.nodes = decoder.strings("nodes", in: fields)
        if let group = range("group", in: fields, expected: "a number of nodes such as 2 or 1..3", { Int($0) }) {
            if group.lowerBound < 1 || group.upperBound > Self.mostNodes {
                decoder.report("\"group\" must be from 1 to \(Self.mostNodes)", at: fields.location(of: "group"))
            } else if kind == .leaderKill, group.upperBound > 1 {
                decoder.report("etcd has one leader; \"group\" must be 1", at: fields.location(of: "group"))
            } else {
                entry.group = group
            }
        }
        if let directions = readDirections(fields, of: kind) { entry.directions = directions }
        return entry
    }

    private mutating func readDirections(_ fields: YAMLFields, of kind: FaultKind) -> [CutDirection]? {
        let texts = decoder.list("directions", in: fields)
        guard fields["directions"] != nil, !texts.isEmpty else { return nil }
        if kind != .cut {
            decoder.report("only a cut has \"directions\"", at: fields.location(of: "directions"))
            return nil
        }
        return texts.compactMap { element in
            if let direction = element.asString.flatMap(CutDirection.init) { return direction }
            let valid = CutDirection.allCases.map(\.rawValue).joined(separator: ", ")
            decoder.report("expected one of \(valid), found \(element.found)", at: element.location)
            return nil
        }
    }

    // MARK: Values

    private mutating func integer(
        _ key: String,
        in fields: YAMLFields,
        _ range: ClosedRange<Int>,
        or word: String? = nil,
    ) -> Int? {
        let expected = "a whole number" + (word.map { " or \($0)" } ?? "")
        guard let number = decoder.value(key, in: fields, expected: expected, { $0.asInt(.core) }) else { return nil }
        guard !range.contains(number) else { return number }
        let message = "\"\(key)\" must be from \(range.lowerBound) to \(range.upperBound), not \(number)"
        decoder.report(message, at: fields.location(of: key))
        return nil
    }

    /// A range of durations: `10s`, or `5s..1m30s`.
    private mutating func seconds(_ key: String, in fields: YAMLFields) -> Scenario.Seconds? {
        let expected = "a duration such as 10s, or a range such as 5s..20s"
        guard let range = range(key, in: fields, expected: expected, { GoDuration.seconds($0) }) else { return nil }
        guard range.lowerBound >= 0.1, range.upperBound <= Self.mostSeconds else {
            decoder.report("\"\(key)\" must be from 100ms to 24h", at: fields.location(of: key))
            return nil
        }
        return range
    }

    private mutating func range<Bound: Comparable>(
        _ key: String,
        in fields: YAMLFields,
        expected: String,
        _ bound: (Substring) -> Bound?,
    ) -> ClosedRange<Bound>? {
        decoder.value(key, in: fields, expected: expected) { node in
            guard let text = node.asString else { return nil }
            let parts = text.split(separator: "..", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first.flatMap(bound), let last = parts.last.flatMap(bound), first <= last else {
                return nil
            }
            return first...last
        }
    }
}
