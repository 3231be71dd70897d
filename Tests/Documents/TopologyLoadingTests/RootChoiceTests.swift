import Diagnostics
import Testing
import TopologyLoading
import TopologyModel

/// Versions of roots, and what a file says of them.
@Suite struct RootChoiceTests {
    @Test(arguments: [
        (0, "1970-01-01"), (86_399, "1970-01-01"), (86_400, "1970-01-02"), (951_782_400, "2000-02-29"),
        (1_795_824_000, "2026-11-28"), (4_107_542_399, "2100-02-28"), (4_107_542_400, "2100-03-01"), (-1, "1969-12-31"),
    ])
    func daysAreThoseOfTheCalendar(seconds: Int64, day: String) {
        #expect(RootVersion(digest: "0123456789abcdef", made: seconds).day == day)
    }

    @Test func aVersionIsMeantByItsNameItsDayAndItsDigest() {
        let version = RootVersion(digest: "0123456789abcdef", made: 1_795_824_000)
        #expect(version.name == "2026-11-28.01234567")
        for text in ["2026-11-28.01234567", "2026-11-28", "01234567", "0123456789ABCDEF"] {
            #expect(version.isMeant(by: text), "\(text)")
        }
        for text in ["2026-11-27", "0123456", "2026-11-28.01234568", "", "12345678"] {
            #expect(!version.isMeant(by: text), "\(text)")
        }
    }

    @Test(arguments: [
        ("", RootChoice.kept), ("update: none", .kept), ("update: newest", .newest),
    ])
    func aFileChoosesNoneOrTheNewest(settings: String, expected: RootChoice) throws {
        #expect(try Fixture.load(Fixture.topology(settings: settings)).checked().root == expected)
    }

    @Test func aFileNamesOne() throws {
        let topology = try Fixture.load(Fixture.topology(settings: "image: 2026-11-28")).checked()
        guard case .version("2026-11-28", let location?) = topology.root else {
            Issue.record("it is \(topology.root)")
            return
        }
        #expect(location.line == 2)
    }

    @Test func bothTogetherAreAMistake() {
        #expect(
            Fixture.report(Fixture.topology(settings: "image: 2026-11-28\nupdate: newest")) == [
                "a.yaml:2:8+10 error: \"image\" names one root, and `update: newest` asks for another as soon as there is one",
                "  write one of both",
            ]
        )
        #expect(
            Fixture.report(Fixture.topology(settings: "update: newst")) == [
                "a.yaml:2:9+5 error: \"update\" cannot be \"newst\"", "  did you mean \"newest\"?",
                "  valid: none, newest",
            ]
        )
    }
}
