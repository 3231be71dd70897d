import CloudConfig
import Testing

@Suite struct RebootWindowTests {
    private static let day = 86_400

    @Test(arguments: [
        ("04:00", "1h", "every day 04:00 for 1h"), ("4:0", "90m", "every day 04:00 for 1h30m"),
        ("sun 23:59", "1h0m1.5s", "Sun 23:59 for 1h1s"), ("Thu 0:05", "+3600000ms", "Thu 00:05 for 1h"),
    ])
    func isReadAsLocksmithReadsIt(start: String, length: String, says: String) throws {
        #expect(try #require(RebootWindow(start: start, length: length)).description == says)
    }

    @Test(arguments: [
        ("24:00", "1h"), ("4", "1h"), ("Foo 4:00", "1h"), ("Thu Fri 4:00", "1h"), ("4:60", "1h"), ("4:00", ""),
        ("4:00", "1"), ("4:00", "h"), ("4:00", "-1h"), ("4:00", "1d"), ("4:00", "10ms"),
    ])
    func whatIsNoneIsNone(start: String, length: String) {
        #expect(RebootWindow(start: start, length: length) == nil)
    }

    @Test func aDailyWindowOpensEveryDay() throws {
        let window = try #require(RebootWindow(start: "23:00", length: "2h"))
        #expect(window.wait(at: 0) == 0)
        #expect(window.wait(at: 3599) == 0)
        #expect(window.wait(at: 3600) == 22 * 3600)
        #expect(window.wait(at: 6 * Self.day + 23 * 3600) == 0)
    }

    @Test func aWeeklyWindowMayReachIntoTheNextWeek() throws {
        let window = try #require(RebootWindow(start: "Sun 23:00", length: "2h"))
        #expect(window.wait(at: 0) == 0)
        #expect(window.wait(at: 3600) == 7 * Self.day - 2 * 3600)
        #expect(window.wait(at: 6 * Self.day) == 23 * 3600)
        #expect(window.wait(at: 7 * Self.day - 1) == 0)
    }

    @Test func aWindowOfItsPeriodNeverCloses() throws {
        let window = try #require(RebootWindow(start: "12:00", length: "24h"))
        #expect(stride(from: 0, to: 7 * Self.day, by: 1800).allSatisfy { window.wait(at: $0) == 0 })
    }
}
