import Basics
import Testing

@Suite(.timeLimit(.minutes(5))) struct RaceTests {
    private struct Failure: Error {}

    @Test func theFirstToEndDecidesAndTheOthersAreCancelled() async throws {
        let (cancelled, continuation) = AsyncStream<Void>.makeStream()
        let operations: [@Sendable () async throws -> Int] = [
            { 1 },
            {
                do {
                    try await Task.sleep(for: .seconds(60))
                } catch {
                    continuation.finish()
                }
                return 2
            },
        ]
        let winner = try await race(operations)
        #expect(winner == 1)
        for await _ in cancelled {}
    }

    @Test func anErrorDecidesToo() async {
        let operations: [@Sendable () async throws -> Void] = [
            { throw Failure() }, { try await Task.sleep(for: .seconds(60)) },
        ]
        await #expect(throws: Failure.self) { try await race(operations) }
        let none: [@Sendable () async throws -> Void] = []
        await #expect(throws: CancellationError.self) { try await race(none) }
    }

    @Test func aDeadlineEndsWhatIsLate() async throws {
        let early = try await withDeadline(.seconds(60)) { () async throws -> String in "in time" }
        #expect(early == "in time")
        let late: Void? = try await withDeadline(.milliseconds(1)) { try await Task.sleep(for: .seconds(60)) }
        #expect(late == nil)
        await #expect(throws: Failure.self) { _ = try await withDeadline(.seconds(60)) { throw Failure() } }
    }

    @Test func aDeadlineOfWorkThatDoesNotThrow() async {
        let early = await withDeadline(.seconds(60)) { () async -> String in "in time" }
        #expect(early == "in time")
        let (never, continuation) = AsyncStream<Void>.makeStream()
        let late: Void? = await withDeadline(.milliseconds(1)) { for await _ in never {} }
        #expect(late == nil)
        continuation.finish()
    }
}
