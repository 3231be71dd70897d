import Diagnostics
import LocatedYAML
import Testing

@Suite struct YAMLDecoderTests {
    private func root(_ text: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws -> YAMLNode {
        try #require(YAMLDocument(parsing: text, file: "f.yaml").root, sourceLocation: sourceLocation)
    }

    private func value(_ text: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws -> YAMLNode {
        try #require(root("v: \(text)\n")["v"], sourceLocation: sourceLocation)
    }

    @Test(
        arguments: [
            ("true", true, true), ("False", false, false), ("yes", nil, true), ("off", nil, false), ("Y", nil, true),
            ("'true'", nil, nil), ("1", nil, nil), ("!!str true", nil, nil),
        ] as [(String, Bool?, Bool?)]
    )
    func booleans(text: String, core: Bool?, coreOS: Bool?) throws {
        #expect(try value(text).asBool(.core) == core)
        #expect(try value(text).asBool(.coreOS) == coreOS)
    }

    @Test(
        arguments: [
            ("12", 12, 12), ("-3", -3, -3), ("0644", 644, 420), ("0x1a4", nil, 420), ("0b11", nil, 3),
            ("1_000", nil, 1000),
            ("'5'", nil, nil), ("1.5", nil, nil), ("x", nil, nil), ("08", 8, nil), ("0", 0, 0), ("-0x10", nil, -16),
        ] as [(String, Int?, Int?)]
    )
    func integers(text: String, core: Int?, coreOS: Int?) throws {
        #expect(try value(text).asInt(.core) == core)
        #expect(try value(text).asInt(.coreOS) == coreOS)
    }

    @Test(
        arguments: [
            ("1.5", 1.5), ("2", 2), ("1e-6", 0.000001), (".5", 0.5), ("nan", nil), ("inf", nil), ("0x1p3", nil),
            ("+-", nil),
            ("e5", nil), ("'1.5'", nil),
        ] as [(String, Double?)]
    )
    func numbers(text: String, expected: Double?) throws {
        #expect(try value(text).asDouble(.core) == expected)
    }

    @Test(arguments: [
        ("yes", "yes"), ("0644", "0644"), ("'x'", "x"), ("", nil), ("~", nil), ("'~'", "~"), ("[a]", nil),
    ])
    func texts(text: String, expected: String?) throws {
        #expect(try value(text).asString == expected)
    }

    @Test func everyMistakeIsCollected() throws {
        var decoder = YAMLDecoder()
        let node = try root("nmae: x\ncount: three\nenable: yes\nkind: fast\nlist: 3\nwhat:\n")
        let keys = ["name", "count", "enable", "kind", "list", "what"]
        let read = decoder.fields(of: node, as: "a role", keys: keys)
        let fields = try #require(read)
        _ = decoder.requiredString("name", in: fields)
        _ = decoder.int("count", in: fields)
        _ = decoder.bool("enable", in: fields)
        _ = decoder.word("kind", in: fields, as: Kind.self)
        _ = decoder.strings("list", in: fields)
        _ = decoder.string("what", in: fields)
        #expect(
            DiagnosticRenderer().render(decoder.diagnostics) == """
                f.yaml:1:1: error: unknown key "nmae" in a role
                    note: did you mean "name"?
                f.yaml:1:1: error: a role needs "name"
                f.yaml:2:8: error: expected a whole number for "count", found the text "three"
                f.yaml:3:9: error: expected true or false for "enable", found the text "yes"
                    note: write true or false, without quotes
                f.yaml:4:7: error: "kind" cannot be "fast"
                    note: did you mean "last"?
                    note: valid: first, last
                f.yaml:5:7: error: expected a list for "list", found the number 3
                f.yaml:6:1: error: expected text for "what", found nothing

                """
        )
    }

    private enum Kind: String, CaseIterable { case first, last }

    @Test func hyphensCanCountAsUnderscores() throws {
        var decoder = YAMLDecoder(schema: .coreOS, foldsHyphens: true)
        let read = try decoder.fields(of: root("data-dir: /x\n"), as: "etcd2", keys: ["data_dir"])
        let fields = try #require(read)
        let directory = decoder.string("data_dir", in: fields)
        #expect(directory == "/x")
        #expect(decoder.diagnostics.isEmpty)
    }
}

@Suite struct YAMLEditTests {
    private func edit(
        _ text: String,
        _ path: [String],
        to replacement: String,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws -> String {
        var node = try #require(YAMLDocument(parsing: text, file: "f.yaml").root, sourceLocation: sourceLocation)
        for key in path {
            if let index = Int(key) {
                node = try #require(node.elements, sourceLocation: sourceLocation)[index]
            } else {
                node = try #require(node[key], sourceLocation: sourceLocation)
            }
        }
        return try YAMLEdit.replacing(node, with: replacement, in: text)
    }

    @Test func onlyTheScalarChanges() throws {
        let text = "# grüezi\r\nroles:\r\n  é: {count: 3, b: 'x'}   # keep\r\n"
        #expect(
            try edit(text, ["roles", "é", "count"], to: "10")
                == "# grüezi\r\nroles:\r\n  é: {count: 10, b: 'x'}   # keep\r\n"
        )
        #expect(
            try edit(text, ["roles", "é", "b"], to: "y")
                == "# grüezi\r\nroles:\r\n  é: {count: 3, b: y}   # keep\r\n"
        )
    }

    @Test func anchorsStay() throws {
        #expect(try edit("a: &n 3\n", ["a"], to: "4") == "a: &n 4\n")
    }

    @Test(arguments: ["a: &n 3\nv: *n\n", "v: |\n  x\n", "v: one\n  two\n", "v:\n", "v: [1]\n", "v: \"one\n  two\"\n"])
    func whatCannotBeEditedIsRefused(text: String) {
        #expect(throws: DiagnosticsError.self) { try edit(text, ["v"], to: "1") }
    }
}
