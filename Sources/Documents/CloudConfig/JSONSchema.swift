/// A JSON Schema (2020-12) as a value, for editors that check and complete while a person types.
package indirect enum JSONSchema: Sendable, Hashable, Encodable {
    case bool(Bool)
    case int(Int)
    case string(String)
    case array([JSONSchema])
    case object([String: JSONSchema])

    /// Anything at all.
    package static let any = JSONSchema.object([:])

    /// Array of string values, as a schema has it.
    package static func strings(_ texts: [String]) -> JSONSchema { .array(texts.map { .string($0) }) }

    /// One of these words.
    package static func words(_ words: [String]) -> JSONSchema {
        .object(["enum": .strings(words)])
    }

    /// Schema of a sequence of such elements.
    package static func list(of element: JSONSchema) -> JSONSchema {
        .object(["type": .string("array"), "items": element])
    }

    /// A mapping with these keys and no others.
    package static func mapping(_ properties: [String: JSONSchema], required: [String] = []) -> JSONSchema {
        var object: [String: JSONSchema] = [
            "type": .strings(["object", "null"]), "properties": .object(properties),
            "additionalProperties": .bool(false),
        ]
        if !required.isEmpty { object["required"] = .strings(required) }
        return .object(object)
    }

    /// This schema with more to say.
    package func with(_ key: String, _ value: JSONSchema) -> JSONSchema {
        guard case .object(var object) = self else { return self }
        object[key] = value
        return .object(object)
    }

    /// A whole document.
    package func document(title: String) -> JSONSchema {
        with("$schema", .string("https://json-schema.org/draft/2020-12/schema")).with("title", .string(title))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .bool(let flag): try container.encode(flag)
        case .int(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }
}

extension ConfigShape {
    /// JSON Schema of this part, for editors. YAML readers disagree on what `on` or `0644` are, so a text may be any
    /// scalar.
    package var jsonSchema: JSONSchema {
        switch self {
        case .string: .object(["type": .strings(["string", "number", "boolean"])])
        case .int: .object(["type": .string("integer")])
        case .bool: .object(["type": .string("boolean")])
        case .double: .object(["type": .string("number")])
        case .strings: .list(of: ConfigShape.string.jsonSchema)
        case .mappings(let keys): .list(of: ConfigShape.mapping(keys).jsonSchema)
        case .mapping(let keys): Self.mappingSchema(keys)
        }
    }

    private static func mappingSchema(_ keys: [ConfigKey]) -> JSONSchema {
        let properties = Dictionary(keys.map { ($0.name, $0.jsonSchema) }) { $1 }
        // Completion offers `_`, which every reader takes; CoreOS took `-` as well.
        let hyphenated = keys.filter { $0.name.contains("_") }.map { key in
            ("^\(key.name.split(separator: "_").joined(separator: "[-_]"))$", key.jsonSchema)
        }
        let schema = JSONSchema.mapping(properties)
        guard !hyphenated.isEmpty else { return schema }
        return schema.with("patternProperties", .object(Dictionary(hyphenated) { $1 }))
    }
}

extension ConfigKey {
    var jsonSchema: JSONSchema {
        var schema = validity?.jsonSchema ?? shape.jsonSchema
        if let deprecation { schema = schema.with("deprecated", .bool(true)).with("description", .string(deprecation)) }
        return schema
    }
}

extension Validity {
    var jsonSchema: JSONSchema {
        switch self {
        case .oneOf(let words):
            // A reader of YAML 1.1 makes booleans of these two before anybody looks.
            let booleans = words.compactMap { ["on": true, "off": false][$0] }.map { JSONSchema.bool($0) }
            return .object(["enum": .array(words.map { .string($0) } + booleans)])
        case .octalMode:
            return ConfigShape.string.jsonSchema.with("pattern", .string("^0?[0-7]{3,4}$"))
        case .rebootWindowStart:
            let day = "([Ss][Uu][Nn]|[Mm][Oo][Nn]|[Tt][Uu][Ee]|[Ww][Ee][Dd]|[Tt][Hh][Uu]|[Ff][Rr][Ii]|[Ss][Aa][Tt])"
            let time = "0*([0-9]|1[0-9]|2[0-3]):0*([0-9]|[1-5][0-9])"
            return ConfigShape.string.jsonSchema.with("pattern", .string("^(\(day) )?\(time)$"))
        case .rebootWindowLength:
            return ConfigShape.string.jsonSchema.with("pattern", .string("^[-+]?([0-9]*(\\.[0-9]*)?[a-z]+)+$"))
        }
    }
}

extension CloudConfig {
    /// The schema of a whole cloud-config.
    package static let jsonSchema = ConfigShape.cloudConfig.jsonSchema.document(title: "CoreOS cloud-config")
}
