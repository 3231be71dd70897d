import CloudConfig
import Diagnostics
import LocatedYAML

/// As much of JSON Schema as the project's schemas use, for YAML trees.
struct SchemaChecker {
    let root: JSONSchema

    /// What is wrong with `node`, each fault with its line.
    func faults(_ node: YAMLNode) -> [String] { faults(node, root) }

    private func faults(_ node: YAMLNode, _ schema: JSONSchema) -> [String] {
        guard case .object(let rules) = schema else { return ["the schema is \(schema)"] }
        if case .string(let reference)? = rules["$ref"] { return faults(node, resolved(reference)) }
        return rules.sorted { $0.key < $1.key }.flatMap { rule, value -> [String] in
            switch (rule, value) {
            case ("type", .string(let type)): expect(Self.has(node, type), node, type)
            case ("type", .array(let types)):
                expect(types.contains { $0.text.map { Self.has(node, $0) } ?? false }, node, "one of \(types)")
            case ("enum", .array(let values)):
                expect(values.contains { Self.equal($0, node) }, node, "\(values)")
            case ("pattern", .string(let pattern)): matching(node, pattern)
            case ("minimum", .int(let least)):
                expect(node.asInt(.core).map { $0 >= least } ?? true, node, ">= \(least)")
            case ("maximum", .int(let most)): expect(node.asInt(.core).map { $0 <= most } ?? true, node, "<= \(most)")
            case ("minProperties", .int(let least)):
                expect((node.pairs?.count ?? least) >= least, node, "\(least) keys")
            case ("required", .array(let keys)):
                keys.compactMap(\.text).flatMap { expect(node.pairs == nil || node[$0] != nil, node, "the key \($0)") }
            case ("items", let element): (node.elements ?? []).flatMap { faults($0, element) }
            case ("properties", .object): (node.pairs ?? []).flatMap { faults(of: $0, rules) }
            case ("additionalProperties", _) where rules["properties"] == nil:
                (node.pairs ?? []).flatMap { faults($0.value, value) }
            case ("additionalProperties", _), ("patternProperties", _), ("deprecated", _), ("description", _),
                ("title", _), ("$schema", _), ("$defs", _):
                []
            default: ["the schema's rule \(rule) is not known here"]
            }
        }
    }

    private static func equal(_ word: JSONSchema, _ node: YAMLNode) -> Bool {
        if let text = word.text { return text == node.asString }
        return word.flag.map { $0 == node.asBool(.core) } ?? false
    }

    private func faults(of pair: YAMLPair, _ rules: [String: JSONSchema]) -> [String] {
        if let schema = rules["properties"]?.members[pair.key] { return faults(pair.value, schema) }
        let patterns = rules["patternProperties"]?.members ?? [:]
        if let schema = patterns.first(where: { Self.matches(pair.key, $0.key) })?.value {
            return faults(pair.value, schema)
        }
        let isFree = rules["additionalProperties"] != .bool(false)
        return isFree ? [] : ["\(pair.keyLocation.line): \(pair.key) is not known"]
    }

    private func expect(_ holds: Bool, _ node: YAMLNode, _ what: String) -> [String] {
        holds ? [] : ["\(node.location.line): expected \(what)"]
    }

    private func matching(_ node: YAMLNode, _ pattern: String) -> [String] {
        expect(node.asString.map { Self.matches($0, pattern) } ?? true, node, pattern)
    }

    private func resolved(_ reference: String) -> JSONSchema {
        reference.split(separator: "/").dropFirst().reduce(root) { $0.members[String($1)] ?? .any }
    }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let regex = try? Regex(pattern) else { return false }
        return text.contains(regex)
    }

    private static func has(_ node: YAMLNode, _ type: String) -> Bool {
        switch type {
        case "object": node.pairs != nil
        case "array": node.elements != nil
        case "null": node.isNull
        case "integer": node.asInt(.core) != nil
        case "number": node.asDouble(.core) != nil
        case "boolean": node.asBool(.core) != nil
        case "string": node.asString != nil && node.asInt(.core) == nil && node.asBool(.core) == nil
        default: false
        }
    }
}

extension JSONSchema {
    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
    fileprivate var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    var members: [String: JSONSchema] { if case .object(let members) = self { members } else { [:] } }
}
