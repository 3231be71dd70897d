/// The page's modules as one script: a browser that asks for each of them has painted nothing yet when it has the last.
///
/// Modules are known by two forms of lines, which are all that the page's have: `import { … } from "./NAME.js";` and
/// `export` before a function or a constant.
enum PageScript {
    /// - Parameter modules: names with their texts, each after those that it imports.
    static func joined(_ modules: [(name: String, text: String)]) -> String {
        "const modules = {};\n" + modules.map(scoped).joined()
    }

    /// A module in a scope of its own, as what it was is.
    private static func scoped(_ name: String, _ text: String) -> String {
        var exported: [Substring] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
            if line.hasPrefix("import {"), line.hasSuffix("\";"), let end = line.firstIndex(of: "}") {
                let words = line[..<end].dropFirst("import ".count)
                let file = line[end...].dropFirst("} from ".count).dropLast()
                return "const \(words)} = modules[\(file)];"
            }
            guard line.hasPrefix("export ") else { return line }
            let words = line.split(maxSplits: 4) { " (=".contains($0) }
            if let kind = words.firstIndex(where: { $0 == "function" || $0 == "const" }), kind + 1 < words.count {
                exported.append(words[kind + 1])
            }
            return line.dropFirst("export ".count)
        }
        let body = lines.joined(separator: "\n")
        return "modules[\"./\(name)\"] = (() => {\n\(body)\nreturn { \(exported.joined(separator: ", ")) };\n})();\n"
    }
}
