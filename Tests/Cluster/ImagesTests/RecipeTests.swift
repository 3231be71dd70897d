import Basics
import TestKit
import Testing

@testable import Images

/// What mmdebstrap is given, for each architecture. An image's name is made of it: where the golden file of an
/// architecture changes, every host of that architecture makes its images anew.
@Suite struct RecipeTests {
    private static let cases = Architecture.allCases.flatMap { architecture in
        [false, true].map { (architecture, isMachine: $0) }
    }

    private static func name(_ architecture: Architecture, isMachine: Bool) -> String {
        "\(isMachine ? "machine" : "root")-\(architecture.debianName).txt"
    }

    @Test(arguments: cases)
    func whatAnImageIsMadeOf(_ architecture: Architecture, isMachine: Bool) throws {
        let root = RootRecipe.debian12(for: architecture)
        let recipe = isMachine ? root.machine : root
        let arguments = recipe.arguments(target: "TARGET", script: "SCRIPT", sources: ["SOURCES"], proxies: [])
        var lines = ["digest \(recipe.digest)", ""] + arguments + [""]
        // The rest of the script is the same for all of them, and in git.
        lines += recipe.customization.split(separator: "\n").map(String.init).filter { line in
            ["serial-getty", "modprobe", "virtio", "vmlinuz"].contains { line.contains($0) }
        }
        let text = lines.map { $0 + "\n" }.joined()
        try Golden.expect(text, Self.name(architecture, isMachine: isMachine))
    }

    @Test func goldenFilesHaveCases() throws {
        try Golden.expectFiles(Self.cases.map { Self.name($0.0, isMachine: $0.isMachine) })
    }

    @Test func scriptsHaveNoPlaceholders() {
        for architecture in Architecture.allCases {
            let script = RootRecipe.debian12(for: architecture).machine.customization
            #expect(script.contains("serial-getty@\(architecture.console).service.d"))
            #expect(!script.contains("@console@") && !script.contains("@init@"))
        }
    }
}
