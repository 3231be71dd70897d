import Testing

@testable import Etcd

@Suite struct HTTPDateTests {
    @Test func aDateIsRead() {
        #expect(HTTPDate.seconds("Sun, 29 Nov 2026 16:05:12 GMT") == 1_795_968_312)
        for text in ["", "Sun, 29 Nov 2026 16:05:12 CET", "Sun, 29 Nov 2026", "Sun, 29 Foo 2026 16:05:12 GMT"] {
            #expect(HTTPDate.seconds(text) == nil, "\(text)")
        }
    }

    @Test(
        arguments: [
            (100, 100.2, 100.3, 0), (100, 100.9, 101.4, 0), (101, 100.9, 101.4, 0), (100, 101.2, 101.3, -0.2),
            (104, 100.9, 101.5, 2.5), (90, 100.5, 101.5, -9.5),
        ] as [(Int64, Double, Double, Double)]
    )
    func aClockIsAheadByWhatIsCertain(date: Int64, asked: Double, answered: Double, ahead: Double) {
        #expect((HTTPDate.ahead(date, asked: asked, answered: answered) - ahead).magnitude < 0.001)
    }

    /// A server of this host has its clock.
    @Test func theClockOfThisHostIsRight() {
        let now = HTTPDate.now
        #expect(HTTPDate.ahead(Int64(now), asked: now, answered: now) == 0)
    }
}
