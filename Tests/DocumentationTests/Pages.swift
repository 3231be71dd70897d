import Foundation
import TestKit

/// A Markdown page of the project, taken apart as far as the tests look at it.
struct Page: Sendable, CustomStringConvertible {
    /// From the checkout's root.
    let path: String
    let lines: [String]

    var description: String { path }

    /// The README and everything written in the sources.
    static let all: [Page] = {
        let files =
            FileManager.default.enumerator(atPath: "\(Checkout.path)/Sources")?.compactMap { $0 as? String } ?? []
        let pages = files.filter { $0.hasSuffix(".md") }.map { "Sources/\($0)" }.sorted()
        return (["README.md"] + pages).map(Page.init)
    }()

    /// Paths of the Swift files in the sources.
    static let sources: [String] = {
        let files =
            FileManager.default.enumerator(atPath: "\(Checkout.path)/Sources")?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".swift") }.map { "\(Checkout.path)/Sources/\($0)" }
    }()

    init(path: String) {
        self.path = path
        let text = (try? String(contentsOfFile: "\(Checkout.path)/\(path)", encoding: .utf8)) ?? ""
        lines = text.components(separatedBy: "\n")
    }

    // MARK: Code blocks

    /// A fenced block: what stands behind its first fence, and its text.
    struct Block: Sendable, CustomStringConvertible {
        let page: String
        /// From 1.
        let line: Int
        let kind: String
        let text: String

        var description: String { "\(page):\(line)" }

        /// Lines that begin with a prompt.
        var commands: [Command] {
            text.split(separator: "\n").filter { $0.hasPrefix("$ ") }.map { line in
                // Without a comment at its end.
                let words = line.dropFirst(2).split(separator: " ").prefix { $0 != "#" }.map(String.init)
                let program = words.first?.split(separator: "/").last.map(String.init) ?? ""
                return Command(block: self, program: program, arguments: Array(words.dropFirst()))
            }
        }
    }

    /// A command line of a console block.
    struct Command: Sendable, CustomStringConvertible {
        let block: Block
        /// Without its directory.
        let program: String
        let arguments: [String]

        var description: String { "\(block): \(program) \(arguments.joined(separator: " "))" }
    }

    var blocks: [Block] {
        var blocks: [Block] = []
        var open: (line: Int, kind: String, text: [String])?
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if let block = open {
                    let text = block.text.joined(separator: "\n") + "\n"
                    blocks.append(Block(page: path, line: block.line, kind: block.kind, text: text))
                    open = nil
                } else {
                    open = (index + 1, String(line.dropFirst(3)), [])
                }
            } else {
                open?.text.append(line)
            }
        }
        return blocks
    }

    static func blocks(_ kind: String) -> [Block] { all.flatMap(\.blocks).filter { $0.kind == kind } }

    /// Words such as `SuiteTests/test` between backquotes.
    var testNames: [String] {
        lines.flatMap { $0.matches(of: /`(\w+Tests\/\w+)`/).map { String($0.1) } }
    }

    // MARK: Links

    struct Link: Sendable, CustomStringConvertible {
        let page: String
        let line: Int
        let target: String

        var description: String { "\(page):\(line): \(target)" }
    }

    var links: [Link] {
        lines.enumerated().flatMap { index, line in
            line.matches(of: /\]\(([^)\s]+)\)/).map {
                Link(page: path, line: index + 1, target: String($0.output.1))
            }
        }
    }

    /// Anchors of the page's headings, as Markdown readers make them.
    var anchors: Set<String> {
        Set(
            lines.filter { $0.hasPrefix("#") }.map { heading in
                heading.drop { $0 == "#" || $0 == " " }.lowercased()
                    .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }
                    .replacing(" ", with: "-")
            }
        )
    }
}
