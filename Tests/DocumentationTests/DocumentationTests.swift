import ArgumentParser
import Chaos
import Diagnostics
import Fleetctl
import Foundation
import LocatedYAML
import Locksmith
import TestKit
import Testing
import TopologyLoading
import UnitFiles

@testable import SlipwayCommands

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

    // MARK: Code blocks

    /// No block is of a kind that nothing checks.
    @Test(arguments: Page.all.flatMap(\.blocks))
    func isOfAKindThatIsChecked(_ block: Page.Block) {
        let kinds = [
            "yaml topology", "yaml scenario", "yaml cloud-config", "yaml", "ini unit", "sh", "console", "text",
        ]
        #expect(kinds.contains(block.kind), "\(block): '\(block.kind)'")
    }

    /// Without a word of complaint; and a cluster can be planned from it.
    @Test(arguments: Page.blocks("yaml topology"))
    func topologiesLoad(_ block: Page.Block) async throws {
        let directory = try TemporaryDirectory()
        let units = directory.path(of: "units")
        try FileManager.default.copyItem(atPath: "\(Checkout.path)/Topologies/units", toPath: units)
        let file = try directory.write(block.text, to: "topology.yaml")
        let loaded = TopologyLoader().load(path: file)
        #expect(
            loaded.diagnostics.isEmpty,
            "\(block): \(DiagnosticRenderer().render(loaded.diagnostics, sources: loaded.sources))"
        )
        let ran = await run(["plan", file, "--offline"])
        #expect(ran.code == 2, "\(block): \(ran.text)")
    }

    @Test(arguments: Page.blocks("yaml scenario"))
    func scenariosLoad(_ block: Page.Block) {
        let reader = LoadedScenario(block.text, file: block.description)
        #expect(reader.scenario != nil && reader.diagnostics.isEmpty, "\(reader.diagnostics)")
    }

    @Test(arguments: Page.blocks("yaml cloud-config"))
    func cloudConfigsLoad(_ block: Page.Block) async throws {
        let directory = try TemporaryDirectory()
        let ran = await run(["validate", try directory.write(block.text, to: "user-data.yaml")])
        #expect(ran.code == 0, "\(block): \(ran.text)")
    }

    /// Files of other programs.
    @Test(arguments: Page.blocks("yaml"))
    func yamlParses(_ block: Page.Block) {
        let document = YAMLDocument(parsing: block.text, file: block.description)
        #expect(document.root != nil && document.diagnostics.isEmpty, "\(document.diagnostics)")
    }

    @Test(arguments: Page.blocks("ini unit"))
    func unitsParse(_ block: Page.Block) throws {
        let unit = try UnitFile(parsing: block.text)
        #expect(!unit.canonicalText.isEmpty, "\(block)")
    }

    /// Each script of the checkout that a block of a shell's names is there.
    @Test(arguments: Page.blocks("sh"))
    func scriptsAreThere(_ block: Page.Block) {
        for word in block.text.split(whereSeparator: \.isWhitespace) where word.hasPrefix("Scripts/") {
            #expect(FileManager.default.isExecutableFile(atPath: "\(Checkout.path)/\(word)"), "\(block): \(word)")
        }
    }

    /// Each command line in a console block is one that its program takes; those that need no host are run.
    @Test(arguments: Page.blocks("console").flatMap(\.commands))
    func commandsAreTaken(_ command: Page.Command) async throws {
        switch command.program {
        case "slipway": _ = try SlipwayCommand.parseAsRoot(command.arguments)
        case "fleetctl": _ = try Fleetctl.parseAsRoot(command.arguments)
        case "locksmithctl": _ = try LocksmithCommand.parseAsRoot(command.arguments)
        default: Issue.record("\(command) is no command of the project's")
        }
        for word in command.arguments where word.hasPrefix("Topologies/") {
            #expect(FileManager.default.fileExists(atPath: "\(Checkout.path)/\(word)"), "\(command): \(word)")
        }
        guard command.program == "slipway", ["schema", "validate"].contains(command.arguments[0]) else { return }
        let directory = try TemporaryDirectory()
        // The page's own example.
        let example = Page.blocks("yaml cloud-config").first { $0.page == command.block.page }
        let userData = try directory.write(example?.text ?? "", to: "user-data.yaml")
        let ran = await run(command.arguments.map { $0 == "user-data.yaml" ? userData : $0 })
        // 1 where another consumer of the example would ignore a part of it.
        #expect(ran.code == 0 || ran.code == 1 && command.arguments.contains("--for"), "\(command): \(ran.text)")
    }

    private func run(_ words: [String]) async -> (code: Int32, text: String) {
        let recorder = OutputRecorder()
        let error = await Output.$recorder.withValue(recorder) { await SlipwayCommand.failure(of: words) }
        let code = error.map { SlipwayCommand.exitCode(for: $0).rawValue } ?? 0
        return (code, recorder.error + recorder.output + (error.map { SlipwayCommand.fullMessage(for: $0) } ?? ""))
    }
}
