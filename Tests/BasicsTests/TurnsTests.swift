import Basics
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct TurnsTests {
    private struct Failure: Error {}

    private final class Counts: Sendable {
        let state = Mutex((now: 0, most: 0))

        func begin() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
        func end() { state.withLock { $0.now -= 1 } }
    }

    @Test func onlySoManyRunAtATime() async throws {
        let turns = Turns(3)
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...100 {
                group.addTask {
                    try await turns.take {
                        counts.begin()
                        await Task.yield()
                        counts.end()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counts.state.withLock { $0.most } == 3)
        #expect(counts.state.withLock { $0.now } == 0)
    }

    @Test func oneThatIsCancelledLeavesItsPlaceToTheNext() async throws {
        let turns = Turns(1)
        let (held, hold) = AsyncStream<Void>.makeStream()
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await turns.take {
                begin.finish()
                for await _ in held {}
            }
        }
        for await _ in begun {}
        let second = Task { try await turns.take {} }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        let third = Task { try await turns.take { 3 } }
        hold.finish()
        try await first.value
        #expect(try await third.value == 3)
    }

    @Test func anErrorGivesThePlaceBack() async throws {
        let turns = Turns(1)
        await #expect(throws: Failure.self) { try await turns.take { throw Failure() } }
        #expect(try await turns.take { 1 } == 1)
    }
}
