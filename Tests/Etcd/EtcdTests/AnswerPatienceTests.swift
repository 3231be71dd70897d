import Testing

@testable import Etcd

/// Time that endpoints have for an answer.
@Suite struct AnswerPatienceTests {
    @Test func whoIsLateHasLonger() {
        let patience = AnswerPatience(.seconds(1))
        #expect(patience.limit(of: "a") == .seconds(1))
        for expected in [2, 4, 8, 8] {
            patience.wasLate("a")
            #expect(patience.limit(of: "a") == .seconds(expected))
        }
        #expect(patience.limit(of: "b") == .seconds(1))
        for expected in [4, 2, 1, 1] {
            patience.answered("a")
            #expect(patience.limit(of: "a") == .seconds(expected))
        }
    }
}
