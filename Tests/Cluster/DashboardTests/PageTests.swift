import Foundation
import TestKit
import Testing

@testable import Dashboard

/// The page's own files, as they are written.
@Suite struct PageTests {
    private static let directory = "\(Checkout.path)/Sources/Cluster/Dashboard/Page"

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
    }

    /// The policy that is sent along forbids it, so that it would not work; here it is said where it is.
    @Test func nothingIsFromElsewhereAndNoTextBecomesMarkup() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.directory).sorted() {
            let text = try Self.text(name).replacing("http://www.w3.org/2000/svg", with: "")
            for word in ["http:", "https:", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
                #expect(!text.contains(word), "\(name) has \(word)")
            }
            guard name.hasSuffix(".html") else { continue }
            #expect(text.firstMatch(of: /\son[a-z]+=/) == nil, "\(name) has a script in an attribute")
            #expect(!text.contains("style="), "\(name) has a style in an attribute")
            #expect(text.firstMatch(of: /<script(?![^>]* src=)/) == nil, "\(name) has a script of its own")
        }
    }

    /// The server makes one script of the modules; what it does not understand of them would not run.
    @Test func itsModulesAreOneScript() async throws {
        var made: Set<String> = []
        for part in String(decoding: try #require(PageFile.all["/app.js"]).bytes, as: UTF8.self).split(separator: "\n")
        {
            #expect(!part.hasPrefix("import ") && !part.hasPrefix("export "), "\(part)")
            for used in part.matches(of: #/= modules\["(.*)"\];/#) {
                #expect(made.contains(String(used.1)), "\(used.1) is later")
            }
            if let name = part.prefixMatch(of: #/modules\["(.*)"\] = /#) { made.insert(String(name.1)) }
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory)
        #expect(made == Set(files.filter { $0.hasSuffix(".js") }.map { "./\($0)" }))
    }

    @Test func modulesAreJoined() {
        let one = "export const a = 1;\nexport async function b() {}\nconst own = 2;"
        let other = "import { a, b } from \"./one.js\";\nb(a);"
        #expect(
            PageScript.joined([("one.js", one), ("other.js", other)]) == """
                const modules = {};
                modules["./one.js"] = (() => {
                const a = 1;
                async function b() {}
                const own = 2;
                return { a, b };
                })();
                modules["./other.js"] = (() => {
                const { a, b } = modules["./one.js"];
                b(a);
                return {  };
                })();

                """
        )
    }

    /// The page's policy lets no style in but its own.
    @Test func itsStylesAreInIt() throws {
        let page = String(decoding: try #require(PageFile.all["/"]).bytes, as: UTF8.self)
        let style = try Self.text("style.css")
        #expect(page.contains("<style>\(style)</style>") && !style.contains("</"))
        #expect(!page.contains("stylesheet"))
    }

    /// What text needs to be read by people whose sight is weak. https://www.w3.org/TR/WCAG22/#contrast-minimum
    @Test(arguments: [
        ("text", "ground"), ("text", "surface"), ("text", "plain-soft"), ("soft", "ground"), ("soft", "surface"),
        ("soft", "raised"), ("soft", "bad-soft"), ("accent", "surface"), ("accent", "accent-soft"),
        ("good", "good-soft"), ("good", "surface"), ("good", "raised"), ("busy", "busy-soft"), ("busy", "surface"),
        ("bad", "bad-soft"),
        ("bad", "surface"), ("bad", "raised"),
    ])
    func contrast(_ text: String, _ ground: String) throws {
        // The first block of colours is the light one, the second the dark one.
        let schemes = try Self.text("style.css").matches(of: /:root \{([^}]*)\}/).map { Self.colors(String($0.1)) }
        #expect(schemes.count == 2)
        for (scheme, colors) in zip(["light", "dark"], schemes) {
            let (one, other) = (try #require(colors[text]), try #require(colors[ground]))
            let ratio = (max(one, other) + 0.05) / (min(one, other) + 0.05)
            #expect(ratio >= 4.5, "\(text) on \(ground) (\(scheme)) has a contrast of \(ratio)")
        }
    }

    /// What shines through text takes its contrast away, which the colours above do not tell. Controls that are switched
    /// off are exempt, and what moves in is whole when it has arrived.
    @Test func noTextIsTransparent() throws {
        let style = try Self.text("style.css").replacing(/\/\*.*?\*\//, with: "")
        let rules = style.matches(of: /([^{};]+)\{([^{}]*)\}/).map { (String($0.1), String($0.2)) }
        #expect(rules.count > 100)
        for (selector, declarations) in rules {
            guard let opacity = declarations.firstMatch(of: /opacity: *([0-9.]+)/), Double(opacity.1) != 1 else {
                continue
            }
            let isStep = selector.contains(/^\s*(from|to|[0-9]+%)\s*$/)
            #expect(isStep || selector.contains(":disabled"), "\(selector)has \(opacity.output)")
        }
    }

    /// Part of the lowest byte in the light that the eye sees.
    private static func linear(_ number: Int) -> Double {
        let part = Double(number & 0xFF) / 255
        return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }

    /// Relative luminance of each colour, by its name.
    private static func colors(_ block: String) -> [String: Double] {
        let found = block.matches(of: /--([a-z-]+): #([0-9a-f]{3,6});/).map { match -> (String, Double) in
            let short = String(match.2)
            let digits = short.count == 3 ? short.map { "\($0)\($0)" }.joined() : short
            let number = Int(digits, radix: 16) ?? 0
            let red = linear(number >> 16), green = linear(number >> 8), blue = linear(number)
            return (String(match.1), 0.2126 * red + 0.7152 * green + 0.0722 * blue)
        }
        return Dictionary(found) { first, _ in first }
    }
}
