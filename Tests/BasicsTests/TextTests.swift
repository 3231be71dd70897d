import Basics
import Testing

/// Encodings, quoting and numbers: text in, text out.
@Suite struct TextTests {
    @Test func hexDigitsAreLowerCaseAndPadded() {
        #expect(Hex.encode([0x00, 0x0F, 0xA5, 0xFF]) == "000fa5ff")
        #expect(Hex.encode([] as [UInt8]) == "")
        #expect(Hex.digits(0x1F, width: 4) == "001f")
        #expect(Hex.digits(0x12345, width: 4) == "12345")
    }

    @Test func whatBreaksALineIsWrittenAsInALiteral() {
        #expect("role=a\\\n\u{1B}[31mé ü".onOneLine == "role=a\\\\n\\u{1B}[31mé ü")
        #expect("plain".onOneLine == "plain")
    }

    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar", "\u{0}\u{FFFF}"])
    func base64ComesBack(_ text: String) throws {
        #expect(try Base64.decode(Base64.encode(text.utf8).utf8) == Array(text.utf8))
    }

    @Test func base64HasTwoAlphabets() throws {
        #expect(Base64.encode([0xFB, 0xFF, 0xFE]) == "+//+")
        #expect(Base64.encode([0xFB, 0xFF, 0xFE], .urlSafe) == "-__-")
        #expect(Base64.encode([0xFB], .urlSafe) == "-w==")
        #expect(try Base64.decode("Zm9v\r\nYmFy\n".utf8) == Array("foobar".utf8))
    }

    @Test(arguments: ["Zg", "Z===", "Zm9v!A==", "=Zg=", "Zm 9", "Zg==Zg==", "-w=="])
    func badBase64IsRefused(_ text: String) {
        #expect(throws: Base64.Corrupt.self) { try Base64.decode(text.utf8) }
    }

    @Test(arguments: [
        ("web@1.service", "web%401.service"), ("a b+c", "a%20b%2Bc"), ("-._~", "-._~"), ("ü/", "%C3%BC%2F"),
        ("\n", "%0A"), ("", ""),
    ])
    func percentEncodingAndBack(_ text: String, _ encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
        #expect(PercentEncoding.decode(encoded) == text)
    }

    @Test(arguments: [("%", "%"), ("%4", "%4"), ("%+5", "%+5"), ("%zz%41", "%zzA"), ("%25%34", "%4"), ("%c3%bc", "ü")])
    func whatIsNoPercentEncodingStays(_ encoded: String, _ text: String) {
        #expect(PercentEncoding.decode(encoded) == text)
    }

    @Test func formsWriteASpaceAsPlus() {
        #expect(PercentEncoding.encode("a b+c", space: .plus) == "a+b%2Bc")
        #expect(PercentEncoding.decode("a+b%2Bc", space: .plus) == "a b+c")
    }

    /// Values published by the hash's authors.
    @Test func fnv1a() {
        #expect(FNV1a.hash("".utf8) == 0xCBF2_9CE4_8422_2325)
        #expect(FNV1a.hash("a".utf8) == 0xAF63_DC4C_8601_EC8C)
        #expect(FNV1a.hash("foobar".utf8) == 0x8594_4171_F739_67E8)
    }

    @Test(arguments: [
        ("uptime", "uptime"), ("--unit=a@1.service", "--unit=a@1.service"), ("", "''"), ("a b", "'a b'"),
        ("it's", #"'it'\''s'"#), ("$HOME", "'$HOME'"), ("100%", "'100%'"), ("ü", "'ü'"), ("a\nb", "'a\nb'"),
    ])
    func shellWords(_ word: String, _ quoted: String) {
        #expect(ShellWord.quoted(word) == quoted)
    }

    @Test func inDoubleQuotesFourCharactersAreEscaped() {
        #expect(ShellWord.escapedInDoubleQuotes("\"\\$`'a\nb") == "\\\"\\\\\\$\\`'a\nb")
    }

    @Test(arguments: [
        ("a", #""a""#), ("\"\\", #""\"\\""#), ("\n\t\r", #""\n\t\r""#), ("\u{0}\u{1F}", #""\u0000\u001f""#),
        ("/ü\u{7F}", "\"/ü\u{7F}\""), ("\r\n", #""\r\n""#),
    ])
    func jsonStrings(_ text: String, _ quoted: String) {
        #expect(JSONString.quoted(text) == quoted)
    }

    @Test func trimming() {
        #expect(" \t\r\n a b \n".trimmed == "a b")
        #expect("  \n".trimmed == "" && "".trimmed == "")
        #expect("[::1]".trimmed { $0 == "[" || $0 == "]" } == "::1")
        #expect("a \n\n".trimmingSuffix(while: \.isNewline) == "a ")
    }

    @Test(arguments: [
        ("1h30m", 5400), ("30s", 30), ("1.5s", 1.5), (".5m", 30), ("5.s", 5), ("300ms", 0.3), ("-1m", -60),
        ("+2h", 7200), ("0", 0), ("1m0s", 60), ("2us", 2e-6), ("2µs", 2e-6),
    ])
    func goDurations(_ text: String, _ seconds: Double) throws {
        let read = try #require(GoDuration.seconds(text))
        #expect(abs(read - seconds) < 1e-9)
    }

    @Test(arguments: ["", "-", "30", "s", "1x", "1.2.3s", ".s", "1h 30m", "٣s", "1e3s", "0x1s"])
    func whatIsNoGoDuration(_ text: String) {
        #expect(GoDuration.seconds(text) == nil)
    }

    @Test func elementsAtEitherEndAreTakenAway() {
        #expect([0, 1, 0, 2, 0].trimmed { $0 == 0 } == [1, 0, 2])
        #expect([0, 0].trimmed { $0 == 0 } == [])
        #expect("  a b ".trimmed == "a b" && " ".trimmed == "" && "--a-".trimmed { $0 == "-" } == "a")
    }

    @Test func markupIsEscaped() {
        #expect(XMLText.escaped("<a b='c'>\"&\n") == "&lt;a b=&apos;c&apos;&gt;&quot;&amp;\n")
        #expect(XMLText.escaped("a\u{1B}b\u{FFFE}") == "a\u{FFFD}b\u{FFFD}")
        #expect(XMLText.escaped("a\u{1B}b", unwritable: .omitted) == "ab")
    }
}
