import ArgumentParser
import Diagnostics
import Fleetctl
import Foundation
import Locksmith
import SlipwayCommands
import TestKit
import Testing
import TopologyLoading
import UnitFiles

@Suite struct DocumentationTests {
    @Test func thereArePages() {
        #expect(Page.all.count > 10)
        #expect(Page.all.allSatisfy { $0.lines.count > 5 })
    }

    /// The page a newcomer reads first.
    @Test func theReadmeIsShort() throws {
        let readme = try #require(Page.all.first)
        #expect(readme.lines.count <= 151)
    }

    @Test(arguments: Page.all.flatMap(\.links))
    func linksLeadSomewhere(_ link: Page.Link) throws {
        guard !link.target.contains("://") else { return }
        let parts = link.target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let folder =
            link.page.contains("/") ? String(link.page[..<(link.page.lastIndex(of: "/") ?? link.page.endIndex)]) : "."
        let path = parts[0].isEmpty ? link.page : "\(folder)/\(parts[0])"
        let file = URL(filePath: "\(Checkout.path)/\(path)").standardizedFileURL.path(percentEncoded: false)
        #expect(FileManager.default.fileExists(atPath: file), "\(link)")
        guard parts.count == 2 else { return }
        let relative = String(file.dropFirst(Checkout.path.count + 1))
        #expect(Page(path: relative).anchors.contains(String(parts[1])), "\(link)")
    }

    /// The tests that the security page names, as `Suite/test`.
    @Test(arguments: Page(path: "Sources/Documentation/security.md").testNames)
    func testsThatAreNamedAreThere(_ name: String) throws {
        let parts = name.split(separator: "/").map(String.init)
        let files = FileManager.default.enumerator(atPath: "\(Checkout.path)/Tests")?.compactMap { $0 as? String } ?? []
        let texts = try files.filter { $0.hasSuffix("/\(parts[0]).swift") }
            .map { try String(contentsOfFile: "\(Checkout.path)/Tests/\($0)", encoding: .utf8) }
        #expect(texts.contains { $0.contains("func \(parts[1])(") }, "there is no test \(name)")
    }

    /// The map's table of changes names files, folders and types of the sources.
    @Test func changesHaveTheirPlaces() throws {
        let lines = Page(path: "Sources/README.md").lines
        let begin = try #require(lines.firstIndex { $0.hasPrefix("## Where a change goes") })
        let rows = lines[begin...].dropFirst().prefix { !$0.hasPrefix("## ") }.filter { $0.hasPrefix("| ") }.dropFirst()
        #expect(rows.count >= 10)
        let names = rows.flatMap { row in row.split(separator: "`", omittingEmptySubsequences: false).enumerated() }
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
        let missing = try names.filter { name in try !Self.isPlace(name) }
        #expect(missing == [])
    }

    /// Whether a name is a path below `Sources` or of a test, with or without `.swift`; a folder beside the commands';
    /// or a type.
    private static func isPlace(_ name: String) throws -> Bool {
        let roots = ["Sources", "Sources/Cluster/SlipwayCommands", "."]
        let paths = roots.flatMap { ["\(Checkout.path)/\($0)/\(name)", "\(Checkout.path)/\($0)/\(name).swift"] }
        if paths.contains(where: FileManager.default.fileExists) { return true }
        guard name.allSatisfy(\.isLetter) else { return name == "[X-Fleet]" }
        let declaration = try Regex("(struct|enum|protocol|typealias) \(name)\\b")
        return try Page.sources.contains { try String(contentsOfFile: $0, encoding: .utf8).contains(declaration) }
    }

    @Test(arguments: Page.blocks("yaml topology"))
    func topologiesLoad(_ block: Page.Block) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "slipway-docs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "topology.yaml")
        try Data(block.text.utf8).write(to: file)
        let loaded = TopologyLoader().load(path: file.path(percentEncoded: false))
        #expect(
            loaded.diagnostics.isEmpty,
            "\(block): \(DiagnosticRenderer().render(loaded.diagnostics, sources: loaded.sources))"
        )
    }

    @Test(arguments: Page.blocks("ini unit"))
    func unitsParse(_ block: Page.Block) throws {
        let unit = try UnitFile(parsing: block.text)
        #expect(!unit.canonicalText.isEmpty, "\(block)")
    }

    /// Each command line in a console block is one that its program takes.
    @Test(arguments: Page.blocks("console"))
    func commandsParse(_ block: Page.Block) throws {
        for line in block.text.split(separator: "\n") where line.hasPrefix("$ ") {
            let words = line.dropFirst(2).split(separator: " ").map(String.init)
            let program = words.first.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
            let arguments = Array(words.dropFirst())
            switch program {
            case "slipway": _ = try SlipwayCommand.parseAsRoot(arguments)
            case "fleetctl": _ = try Fleetctl.parseAsRoot(arguments)
            case "locksmithctl": _ = try LocksmithCommand.parseAsRoot(arguments)
            default: Issue.record("\(block): \(line) is no command of the project's")
            }
        }
    }
}
