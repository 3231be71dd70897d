import ArgumentParser
import Testing
import TopologyModel

@testable import SlipwayCommands

/// Names are checked before anything is looked at, made or removed.
@Suite struct NameTests {
    static let odd = [
        "", ".", "..", "...", " ", "a b", "A", "demo.", ".demo", "-demo", "demo-", "1demo", "d\u{e9}mo", "demo\n",
        "demo\u{0}", "$HOME", "*", "~", "a_b", String(repeating: "a", count: 64), "\u{202E}demo", "\u{FF41}",
    ]

    /// Every command that takes a cluster's name, with words for what else it takes.
    static let commands: [[String]] = [
        ["down", "NAME", "--yes"], ["status", "NAME"], ["env", "NAME"], ["smoke", "NAME"], ["ssh-config", "NAME"],
        ["exec", "NAME", "worker-1", "--", "true"], ["ssh", "NAME", "worker-1"], ["logs", "NAME", "worker-1"],
        ["console", "NAME", "worker-1"], ["start", "NAME", "worker-1"], ["stop", "NAME", "worker-1"],
        ["restart", "NAME", "worker-1"], ["render", "NAME", "worker-1"], ["up", "NAME"], ["plan", "NAME"],
        ["scale", "NAME", "worker=1"], ["roll", "NAME"], ["maintain", "NAME"], ["recover", "NAME"], ["events", "NAME"],
        ["history", "NAME"], ["snapshot", "save", "NAME"], ["snapshot", "list", "NAME"],
        ["snapshot", "restore", "NAME"],
        ["snapshot", "rm", "NAME", "--all"], ["snapshot", "save", "demo", "NAME"], ["clone", "NAME", "trial"],
        ["snapshot", "restore", "demo", "NAME"], ["snapshot", "rm", "demo", "NAME"], ["clone", "demo", "NAME"],
        ["replace", "NAME", "worker-1"],
        // A node's name alone, and beside a cluster's.
        ["exec", "NAME", "--", "true"], ["ssh", "NAME"], ["logs", "NAME"], ["console", "NAME"], ["start", "NAME"],
        ["stop", "NAME"], ["restart", "NAME"], ["exec", "demo", "NAME", "--", "true"], ["ssh", "demo", "NAME"],
        ["logs", "demo", "NAME"], ["console", "demo", "NAME"], ["stop", "demo", "NAME"],
    ]

    @Test(arguments: commands, odd)
    func oddNamesAreRefused(words: [String], name: String) async throws {
        // What begins with a dash is an option.
        guard !name.hasPrefix("-") else { return }
        let arguments = words.map { $0 == "NAME" ? name : $0 }
        var command = try SlipwayCommand.parseAsRoot(arguments)
        let error = await #expect(throws: InvalidName.self, "\(arguments)") {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        }
        #expect(error?.text == name || name.contains("."), "\(arguments)")
    }

    @Test func aNameSaysWhatIsWrongWithIt() {
        let error = #expect(throws: InvalidName.self) { try ClusterName("..") }
        #expect(error?.description == "'..' is not a cluster name: it must start with a lower-case letter")
        let near = #expect(throws: InvalidName.self) { try ClusterName("Demo_1\n") }
        let expected =
            "'Demo_1\\n' is not a cluster name: it must start with a lower-case letter; did you mean 'demo-1'?"
        #expect(near?.description == expected)
    }
}
