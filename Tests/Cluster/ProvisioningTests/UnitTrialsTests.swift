import Testing

@testable import Provisioning

@Suite struct UnitTrialsTests {
    private func trials(_ state: String, _ restarts: Int) throws -> UnitTrials {
        try #require(UnitTrials("NRestarts=\(restarts)\nActiveState=\(state)\n"))
    }

    @Test func aUnitOnItsWayUpIsNotHopeless() throws {
        #expect(try !trials("activating", 0).isHopeless(after: nil))
        #expect(try !trials("activating", 3).isHopeless(after: trials("activating", 1)))
    }

    @Test func aUnitThatEndedOftenAndStandsNowIsNotHopeless() throws {
        #expect(try !trials("active", 9).isHopeless(after: nil))
        #expect(try !trials("active", 9).isHopeless(after: trials("activating", 9)))
    }

    @Test func aUnitThatEndsAgainAndAgainIsHopeless() throws {
        #expect(try trials("activating", 7).isHopeless(after: trials("activating", 4)))
        #expect(try trials("failed", 0).isHopeless(after: nil))
    }

    @Test(arguments: ["", "ActiveState=active", "NRestarts=x\nActiveState=active", "sh: systemctl: not found"])
    func otherAnswersSayNothing(text: String) { #expect(UnitTrials(text) == nil) }
}
