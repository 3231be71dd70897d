import CloudConfig

/// The JSON Schema of a scenario: the keys are those the reader knows, the words those of the model.
package enum ScenarioSchema {
    /// JSON schema of scenarios, for editors.
    package static let jsonSchema = mapping(
        ScenarioReader.keys,
        [
            "name": text, "every": durations,
            "limits": mapping(
                ScenarioReader.limitKeys,
                [
                    "members": .object([
                        "anyOf": .array([integer(0...ScenarioReader.mostNodes), .words(["minority"])])
                    ]),
                    "nodes": integer(1...ScenarioReader.mostNodes), "faults": integer(1...ScenarioReader.mostNodes),
                ]
            ),
            "faults": JSONSchema.list(of: fault).with("minItems", .int(1)),
        ],
        required: ["name", "faults"]
    ).document(title: "Slipway chaos scenario")

    private static let text = JSONSchema.object(["type": .string("string")])
    private static let texts = JSONSchema.list(of: text)
    private static let durations = text.with("pattern", .string("^[0-9.]+(ms|s|m|h)\\S*$"))

    private static let fault = mapping(
        ScenarioReader.faultKeys,
        [
            "fault": .words(FaultKind.allCases.map(\.rawValue)), "weight": integer(1...1000), "lasts": durations,
            "roles": texts, "nodes": texts,
            "group": .object([
                "type": .strings(["integer", "string"]), "minimum": .int(1),
                "pattern": .string("^[0-9]+(\\.\\.[0-9]+)?$"),
            ]),
            "directions": .list(of: .words(CutDirection.allCases.map(\.rawValue))),
        ],
        required: ["fault"]
    )

    private static func mapping(
        _ keys: [String],
        _ schemas: [String: JSONSchema],
        required: [String] = [],
    ) -> JSONSchema {
        .mapping(Dictionary(keys.map { ($0, schemas[$0] ?? .any) }) { $1 }, required: required)
    }

    private static func integer(_ range: ClosedRange<Int>) -> JSONSchema {
        .object(["type": .string("integer"), "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)])
    }
}
