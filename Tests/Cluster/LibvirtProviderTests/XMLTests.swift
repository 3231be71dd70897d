import Testing

@testable import LibvirtProvider

@Suite struct XMLTests {
    @Test func writesWhatItReads() throws {
        let element = XMLElement(
            "a:root",
            ["xmlns:a": "urn:x", "quote": "it's <\"&\">", "absent": nil],
            children: [XMLElement("empty"), nil, XMLElement("text", text: "1 < 2 & 3")],
        )
        let text = element.rendered()
        #expect(
            text == """
                <a:root xmlns:a='urn:x' quote='it&apos;s &lt;&quot;&amp;&quot;&gt;'>
                  <empty/>
                  <text>1 &lt; 2 &amp; 3</text>
                </a:root>

                """
        )
        #expect(try XMLReader.read(text) == element)
        #expect(element.localName == "root")
        #expect(element.declaredNameSpace == "urn:x")
    }

    @Test func passesOverWhatIsNoElement() throws {
        let element = try XMLReader.read(
            """
            <?xml version="1.0"?>
            <!DOCTYPE x>
            <!-- note -->
            <a>
              <!-- <b> --><?php ?>
              <b  k = "v" /><c>&#65;&#x42;<![CDATA[<&>]]></c>
            </a>
            """
        )
        #expect(element == XMLElement("a", children: [XMLElement("b", ["k": "v"]), XMLElement("c", text: "AB<&>")]))
    }

    @Test func findsByPath() throws {
        let element = try XMLReader.read("<a><b><c>1</c></b><b><c>2</c><c>3</c></b></a>")
        #expect(element.all("b", "c").map(\.text) == ["1", "2", "3"])
        #expect(element.first("b", "c")?.text == "1")
        #expect(element.first("b", "d") == nil)
    }

    @Test(arguments: [
        "", "text", "<a", "<a>", "<a></b>", "<a b></a>", "<a b=c/>", "<a b='c/>", "<a>&unknown;</a>", "<a>&#xZ;</a>",
        "<!-- ", "<a><![CDATA[x</a>", "< a/>",
    ])
    func refuses(text: String) {
        #expect(throws: XMLReader.Problem.self) { try XMLReader.read(text) }
    }

    /// Damaged documents are refused or read, and never trap.
    @Test func survivesDamage() throws {
        let whole = Array("<a b='c'><!-- x --><d>e&amp;f</d><![CDATA[g]]><h i=\"j\"/></a>".utf8)
        for length in whole.indices {
            #expect(throws: XMLReader.Problem.self) {
                try XMLReader.read(String(decoding: whole[..<length], as: UTF8.self))
            }
        }
        for index in whole.indices {
            for byte: UInt8 in [0, 0x26, 0x3C, 0x3E, 0x27, 0xFF] {
                var damaged = whole
                damaged[index] = byte
                _ = try? XMLReader.read(String(decoding: damaged, as: UTF8.self))
            }
        }
    }
}
