import ArgumentParser
import Basics
import TestKit
import Testing

@testable import SlipwayCommands

struct ArgumentTests {
    /// The texts are golden files: ``HelpTests``.
    @Test(arguments: HelpPages.commands(of: SlipwayCommand.self))
    func everyCommandHasHelp(command: [String]) throws {
        let error = #expect(throws: (any Error).self) {
            var help = try SlipwayCommand.parseAsRoot(command + ["--help"])
            try help.run()
        }
        let failure = try #require(error)
        #expect(SlipwayCommand.exitCode(for: failure) == .success)
        #expect(SlipwayCommand.fullMessage(for: failure).contains("slipway \(command.joined(separator: " "))"))
    }

    @Test(arguments: [
        ["up"], ["down"], ["down", "a", "--all"], ["up", "--sideways", "x"], ["levitate"], ["exec", "worker-1"],
        ["snapshot", "rm", "a"], ["snapshot", "rm", "a", "b", "--all"], ["snapshot", "save", "a", "b", "--limit", "0"],
        ["clone", "a"], ["clone", "a", "b", "--cidr", "x"],
    ])
    func mistakesOnTheCommandLineAreErrors(arguments: [String]) throws {
        let error = #expect(throws: (any Error).self) { _ = try SlipwayCommand.parseAsRoot(arguments) }
        #expect(SlipwayCommand.exitCode(for: try #require(error)) != .success)
    }

    /// `logs` and `fleetctl events` follow by that option; `events` does in any case, and takes it.
    @Test(arguments: [["events", "demo"], ["events", "demo", "--follow"], ["events", "-f", "demo", "--for", "5"]])
    func eventsAreFollowed(arguments: [String]) throws {
        let command = try #require(try SlipwayCommand.parseAsRoot(arguments) as? ClusterEvents)
        #expect(command.cluster == "demo")
    }

    @Test func execTakesWordsAsTheyAre() throws {
        let command = try #require(
            try SlipwayCommand.parseAsRoot(["exec", "demo", "worker-1", "--", "ls", "-l", "--", "a b"]) as? NodeExec
        )
        #expect(command.node.words == ["demo", "worker-1"])
        #expect(command.command == ["ls", "-l", "--", "a b"])
    }

    @Test(arguments: [
        ("production", ClusterArgument.name("production")),
        ("production.yaml", .file("production.yaml")),
        ("Topologies/production", .file("Topologies/production")),
    ])
    func aClusterIsAFileOrAName(text: String, meant: ClusterArgument) {
        #expect(ClusterArgument(text) == meant)
    }

    @Test(arguments: [
        ("uptime", "uptime"), ("--unit=a@1.service", "--unit=a@1.service"), ("", "''"), ("a b", "'a b'"),
        ("it's", #"'it'\''s'"#), ("$HOME", "'$HOME'"), ("a;b", "'a;b'"), ("ü", "'ü'"), ("a\nb", "'a\nb'"),
    ])
    func wordsAreQuotedForAShell(word: String, quoted: String) {
        #expect(ShellWord.quoted(word) == quoted)
    }
}
