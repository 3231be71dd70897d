import Testing

@testable import Etcd

struct EndpointRouterTests {
    private let router = EndpointRouter(count: 3)
    private let start = ContinuousClock.now

    @Test func staysWithWhatAnswers() {
        #expect(router.endpoint(mayFail: true, now: start) == 0)
        router.answered(0, now: start)
        #expect(router.endpoint(mayFail: false, now: start + .seconds(60)) == 0)
    }

    @Test func leavesWhatFailsOnce() {
        router.leave(0, now: start)
        router.leave(0, now: start)
        #expect(router.current == 1)
        router.leave(1, now: start)
        #expect(router.current == 2)
    }

    @Test func asksTheFirstAgainWithARequestThatMayFail() {
        router.leave(0, now: start)
        let later = start + .seconds(1)
        #expect(router.endpoint(mayFail: true, now: start) == 1)
        #expect(router.endpoint(mayFail: false, now: later) == 1, "a write is no trial")
        #expect(router.endpoint(mayFail: true, now: later) == 0)
        #expect(router.endpoint(mayFail: true, now: later) == 1, "one request is enough to find out")
        router.leave(0, now: later)
        #expect(router.current == 1)
        #expect(router.endpoint(mayFail: true, now: later + .seconds(1)) == 1, "the pauses grow")
        #expect(router.endpoint(mayFail: true, now: later + .seconds(2)) == 0)
        router.answered(0, now: later + .seconds(2))
        #expect(router.current == 0)
    }

    @Test func pausesAreBounded() {
        router.leave(0, now: start)
        var now = start
        for _ in 0..<10 {
            now += .seconds(15)
            #expect(router.endpoint(mayFail: true, now: now) == 0)
        }
    }

    @Test func oneEndpointIsAlwaysIt() {
        let router = EndpointRouter(count: 1)
        router.leave(0, now: start)
        #expect(router.endpoint(mayFail: true, now: start + .seconds(9)) == 0)
    }
}
