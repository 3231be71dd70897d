import Diagnostics
import LocatedYAML
import Testing

@Suite struct YAMLDocumentTests {
    private func parse(_ text: String) -> YAMLDocument { YAMLDocument(parsing: text, file: "f.yaml") }

    private func place(_ node: YAMLNode?) -> String {
        guard let location = node?.location else { return "nowhere" }
        return "\(location.line):\(location.column)+\(location.length)"
    }

    @Test func everyNodeKnowsItsPlace() throws {
        let document = parse("name: core\nroles:\n  - count: 3   # three\n    text: 'a ''b'' c'\n")
        #expect(document.diagnostics.isEmpty)
        let root = try #require(document.root)
        #expect(place(root["name"]) == "1:7+4")
        let role = try #require(root["roles"]?.elements?.first)
        #expect(place(role) == "3:5+1")
        #expect(place(role["count"]) == "3:12+1")
        #expect(place(role["text"]) == "4:11+11")
        #expect(role["text"]?.asString == "a 'b' c")
        #expect(role.pairs?.map(\.keyLocation.column) == [5, 5])
    }

    @Test func columnsCountCharacters() throws {
        // Two flags are four Unicode scalars and two characters; e with a combining accent is one.
        let root = try #require(parse("a: {\"🇨🇭🇦🇹e\u{301}\": x, b: y}\n").root)
        #expect(place(root["a"]?["b"]) == "1:18+1")
    }

    @Test func carriageReturnsCount() throws {
        let root = try #require(parse("a: 1\r\nb: 2\r\n").root)
        #expect(place(root["b"]) == "2:4+1")
    }

    @Test func tagsAndAnchorsAreNotPartOfThePlace() throws {
        let root = try #require(parse("a: !!binary &x aGk=\nb: *x\nc: &y 1\nd: *y\n").root)
        #expect(place(root["a"]) == "1:16+4")
        #expect(root["a"]?.tag == YAMLTag.binary)
        #expect(root["b"]?.asString == "aGk=")
        #expect(root["b"]?.isAlias == true)
        #expect(root["c"]?.isAlias == false)
        #expect(root["d"]?.isAlias == true)
    }

    @Test func mergeKeysGiveWayToTheMappingsOwn() throws {
        let root = try #require(
            parse("base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nc:\n  <<: [*b, *m]\n  x: 9\n").root
        )
        #expect(root["c"]?.pairs?.map { "\($0.key)=\($0.value.asString ?? "")" } == ["x=9", "y=2", "z=4"])
    }

    @Test func duplicateKeysAreAllReportedAndTheLastCounts() throws {
        let document = parse("name: a\nétcd: 1\nname: b\n\"name\": c\nx: {k: 1, k: 2}\n")
        #expect(
            document.diagnostics.map(\.message) == [
                "duplicate key \"name\"", "duplicate key \"name\"", "duplicate key \"k\"",
            ]
        )
        #expect(
            document.diagnostics.compactMap(\.location).map(\.description) == [
                "f.yaml:3:1", "f.yaml:4:1", "f.yaml:5:11",
            ]
        )
        #expect(document.root?["name"]?.asString == "c")
        #expect(document.root?.pairs?.map(\.key) == ["name", "étcd", "name", "name", "x"])
    }

    @Test(arguments: [
        ("a: b: c\n", "f.yaml:1:5", "mapping values are not allowed in this context"),
        ("a:\n\t- b\n", "f.yaml:2:1", "found character that cannot start any token"),
        ("a: 'b\n", "f.yaml:2:1", "found unexpected end of stream"),
        ("a: @b\n", "f.yaml:1:4", "found character that cannot start any token"),
        ("a: *b\n", "f.yaml:1:4", "found undefined alias"),
        ("é: \u{1}\n", "f.yaml:1:4", "control characters are not allowed"),
    ])
    func syntaxErrorsHaveAPlace(text: String, place: String, message: String) {
        let document = parse(text)
        #expect(document.root == nil)
        #expect(document.diagnostics.map(\.message) == [message])
        #expect(document.diagnostics.first?.location?.description == place)
    }

    @Test func aTabGetsAHint() {
        let notes = parse("a:\n\t- b\n").diagnostics.first?.notes ?? []
        #expect(notes.contains("indent with spaces: YAML allows no tabs there"))
    }

    @Test func bytesThatAreNotTextAreRefused() {
        let document = YAMLDocument(parsing: [0x61, 0x3A, 0x0A, 0x62, 0xFF, 0xFE], file: "f.yaml")
        #expect(document.root == nil)
        #expect(document.diagnostics.first?.location?.description == "f.yaml:2:2")
    }

    @Test func aSecondDocumentIsNotRead() {
        let document = parse("a: 1\n---\nb: 2\n")
        #expect(document.root?["a"]?.asString == "1")
        #expect(document.diagnostics.map(\.severity) == [.warning])
    }

    @Test func anEmptyTextHasNoRoot() {
        #expect(parse("# only a comment\n").root == nil)
        #expect(parse("").diagnostics.isEmpty)
    }

    @Test func aBombIsRefused() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        let document = parse(text)
        #expect(document.root == nil)
        #expect(document.diagnostics.map(\.message) == ["aliases make more than 100000 values of this file"])
    }

    /// Aliases are counted, not written out: this one would be more values than there is time for.
    @Test(arguments: ["? *z\n: x\n", "*z : x\n", "[*z]: x\n", "v: *z\n", "v: [*z, {k: *z}]\n"])
    func aKeyMadeOfAliasesIsRefused(end: String) {
        var text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        for (name, before) in zip("bcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxy") {
            text += "\(name): &\(name) [\(Array(repeating: "*\(before)", count: 10).joined(separator: ", "))]\n"
        }
        let document = parse(text + end)
        #expect(document.root == nil)
        #expect(document.diagnostics.first?.message == "aliases make more than 100000 values of this file")
    }

    @Test func whatStandsForAnAliasIsOneToItsLeaves() throws {
        let root = try #require(parse("a: &a {b: [1]}\nc: *a\nd: {<<: *a}\n").root)
        #expect(root["c"]?["b"]?.elements?.first?.isAlias == true)
        #expect(root["d"]?["b"]?.elements?.first?.isAlias == true)
        #expect(root["a"]?["b"]?.elements?.first?.isAlias == false)
        #expect(place(root["c"]?["b"]?.elements?.first) == "1:12+1")
    }

    @Test(arguments: ["a: &a [*a]\n", "a: &a {b: *a}\n", "x: 1\n---\ny: *x\n", "a: &a 1\n---\nb: *a\n"])
    func anAliasRefersToWhatStandsBeforeIt(text: String) {
        #expect(parse(text).diagnostics.map(\.message) == ["found undefined alias"])
    }

    @Test func aSecondDocumentIsYAMLToo() {
        #expect(parse("a: 1\n---\nb: [\n").root == nil)
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "])
    func deepNestingIsAnErrorNotACrash(opening: String) {
        #expect(parse(String(repeating: opening, count: 20_000)).diagnostics.hasErrors)
        #expect(parse(String(repeating: opening, count: 501)).diagnostics.hasErrors)
    }

    /// As programs write it: the work grows with the file, not with the length of its line times its values.
    @Test func aFileOfOneLongLineIsRead() throws {
        let line = "{\"ä\": [" + Array(repeating: "{\"k\": \"v\"}", count: 20_000).joined(separator: ", ") + "]}"
        let elements = try #require(parse(line).root?["ä"]?.elements)
        #expect(elements.count == 20_000)
        #expect(place(elements.last?["k"]) == "1:\(8 + 19_999 * 12 + 6)+3")
    }

    @Test func fiveHundredDeepIsRead() {
        let document = parse(String(repeating: "[", count: 500) + String(repeating: "]", count: 500))
        #expect(document.diagnostics.isEmpty && document.root != nil)
    }

    @Test func aTextMayHaveNULs() throws {
        let root = try #require(parse("a: \"x\\0y\"\n").root)
        #expect(root["a"]?.asString == "x\0y")
        #expect(parse("a: x\0y\n").diagnostics.map(\.message) == ["control characters are not allowed"])
    }
}
