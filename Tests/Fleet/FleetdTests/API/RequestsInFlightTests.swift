import Testing

@testable import Fleetd

@Suite(.timeLimit(.minutes(5)))
struct RequestsInFlightTests {
    private let requests = RequestsInFlight()

    @Test func nothingIsWaitedForWhenNothingIsThere() async {
        requests.began()
        requests.finished()
        #expect(!requests.isEnding)
        #expect(await requests.end(within: .seconds(3600)) == 0)
        #expect(requests.isEnding)
    }

    @Test func theLastOneEndsTheWait() async {
        for _ in 0..<2 { requests.began() }
        requests.willEnd()
        async let rest = requests.end(within: .seconds(3600))
        requests.finished()
        #expect(requests.count == 1)
        requests.finished()
        #expect(await rest == 0)
    }

    @Test func whatTakesTooLongIsCounted() async {
        requests.began()
        #expect(await requests.end(within: .milliseconds(10)) == 1)
    }

    @Test func aCancelledTaskDoesNotWait() async {
        requests.began()
        let waiting = Task { await requests.end(within: .seconds(3600)) }
        waiting.cancel()
        #expect(await waiting.value == 1)
    }
}
