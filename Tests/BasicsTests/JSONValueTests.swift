import Basics
import Testing

@Suite struct JSONValueTests {
    @Test func everyKindOfValue() {
        let text = #" {"a": [1, -2.5e3, "x", true, false, null, {}, []], "b": {"c": "d"}, "b": "last"} "#
        let value = JSONValue(text)
        #expect(
            value?["a"]?.elements == [
                .number("1"), .number("-2.5e3"), .string("x"), .bool(true), .bool(false), .null, .object([]),
                .array([]),
            ]
        )
        #expect(value?["b"]?.text == "last")
        #expect(value?["c"] == nil)
    }

    @Test(arguments: [
        (#""a\"b\\c\/d\n\r\t\b\f""#, "a\"b\\c/d\n\r\t\u{8}\u{C}"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""é\ud83d\ude00!""#, "é😀!"),
        (#""\ud83d!""#, "\u{FFFD}!"),
        (#""\ud83d\u0041""#, "\u{FFFD}A"),
        (#""\ude00""#, "\u{FFFD}"),
        (#""""#, ""),
    ])
    func strings(json: String, text: String) {
        #expect(JSONValue(json)?.text == text)
    }

    @Test func digitsAreKept() {
        #expect(JSONValue("18446744073709551615") == .number("18446744073709551615"))
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1,]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "\"", "\"\\", "\"\\q\"", "\"\\u12\"",
        "\"\\u+123\"", "\"a\nb\"", "nul", "nan", "inf", "0x10", "-", "1 2", "[1]]", "{\"a\":1}x", "'a'",
    ])
    func whatIsNotJSON(text: String) {
        #expect(JSONValue(text) == nil)
    }

    @Test func depthIsBounded() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(JSONValue(nested(64)) != nil)
        #expect(JSONValue(nested(65)) == nil)
        #expect(JSONValue(String(repeating: "[", count: 1_000_000)) == nil)
    }
}
