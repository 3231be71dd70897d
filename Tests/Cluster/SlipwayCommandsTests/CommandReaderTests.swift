import Dashboard
import Testing

@testable import SlipwayCommands

/// What a page is shown of a command's output, as it comes in pieces.
@Suite struct CommandReaderTests {
    private func read(_ pieces: [String]) -> [CommandOutput] {
        var reader = CommandReader(prompt: Question.prompt)
        return pieces.flatMap { reader.take(Array($0.utf8)) } + reader.end()
    }

    @Test func linesAreWhole() {
        #expect(read(["one\ntw", "o\n", "thr", "ee"]) == [.text("one\n"), .text("two\n"), .text("three")])
        // A character is not cut where a piece of output is.
        var reader = CommandReader(prompt: Question.prompt)
        let bytes = Array("✓ ready\n".utf8)
        let output = reader.take(Array(bytes[..<2])) + reader.take(Array(bytes[2...]))
        #expect(output == [.text("✓ ready\n")])
    }

    @Test(arguments: [
        ["This destroys 1 thing.\nGo on? [y/N] "], ["This destroys 1 thing.\n", "Go on? ", "[y/N] "],
        ["This destroys 1 thing.\nGo o", "n? [y/N] "],
    ])
    func aQuestionIsOneHoweverItComes(_ pieces: [String]) {
        let question: [CommandOutput] = [.text("This destroys 1 thing.\n"), .text("Go on? [y/N] "), .question]
        #expect(read(pieces) == question)
    }

    /// A line that says the same is none: there is no answer to it.
    @Test func whatOnlyQuotesAQuestionIsNone() {
        let line = "it asks: Go on? [y/N] y\n"
        #expect(read([line]) == [.text(line)])
    }
}
