import NodePrograms
import Testing

@Suite(.timeLimit(.minutes(5))) struct ProgramTests {
    /// More than a pipe holds.
    private static let long = String(repeating: "a line of input\n", count: 1 << 16)

    @Test func aProgramReadsItsInput() async throws {
        let output = try await runProgram("cat", [], input: Self.long, limit: 1 << 21)
        #expect(output.isSuccess && String(decoding: output.standardOutput, as: UTF8.self) == Self.long)
    }

    @Test func aProgramWithoutInputReadsNothing() async throws {
        let output = try await runProgram("cat", [], limit: 1 << 10)
        #expect(output == ProgramOutput(exitCode: 0, standardOutput: [], standardError: ""))
    }

    @Test(arguments: ["head -c 1 > /dev/null", "exec 0<&-; echo no >&2; exit 3", "kill -9 $$"])
    func aProgramMayEndBeforeItHasReadItsInput(script: String) async throws {
        let output = try await runProgram("sh", ["-c", script], input: Self.long, limit: 1 << 10)
        switch script.first {
        case "h": #expect(output.isSuccess)
        case "e": #expect(output == ProgramOutput(exitCode: 3, standardOutput: [], standardError: "no"))
        default: #expect(output.exitCode == -1)
        }
    }

    @Test(arguments: ["", long]) func aProgramIsStoppedWithItsTask(input: String) async throws {
        let run = Task { try await runProgram("sleep", ["300"], input: input, limit: 1 << 10) }
        run.cancel()
        let output = try? await run.value
        #expect(output?.isSuccess != true)
    }

    @Test func aProgramThatIsNotThereIsAnError() async {
        await #expect(throws: (any Error).self) {
            try await runProgram("no-such-program", [], input: Self.long, limit: 1 << 10)
        }
    }
}
