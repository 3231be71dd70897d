import Testing

@testable import Provisioning

@Suite struct UnitTrialsTests {
    private func trials(
        _ state: String,
        _ restarts: Int,
        more: String = "MainPID=0\nSubState=exited",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws
        -> UnitTrials
    {
        try #require(
            UnitTrials("NRestarts=\(restarts)\nActiveState=\(state)\n\(more)\n"),
            sourceLocation: sourceLocation
        )
    }

    @Test func aUnitOnItsWayUpIsNotHopeless() throws {
        #expect(try !trials("activating", 0).endsAgainAndAgain(since: nil))
        #expect(try !trials("activating", 3).endsAgainAndAgain(since: trials("activating", 1)))
        #expect(try !trials("activating", 3).isDown)
    }

    @Test func aUnitThatEndedOftenAndStandsNowIsNotHopeless() throws {
        #expect(try !trials("active", 9).endsAgainAndAgain(since: nil))
        #expect(try !trials("active", 9).endsAgainAndAgain(since: trials("activating", 9)))
    }

    @Test func aUnitThatEndsAgainAndAgainIsHopeless() throws {
        #expect(try trials("activating", 7).endsAgainAndAgain(since: trials("activating", 4)))
    }

    @Test(
        arguments: [
            ("failed", "MainPID=0\nSubState=exited", true), ("failed", "MainPID=7", true),
            ("inactive", "MainPID=0\nSubState=exited", true),
            // coreos-cloudinit is at work, or nothing is known of it.
            ("inactive", "MainPID=7", false), ("inactive", "", false),
            // It has not begun.
            ("inactive", "MainPID=0\nSubState=dead", false),
            // It waits for what it is ordered after.
            ("inactive", "Job=12\nMainPID=0\nSubState=exited", false),
            ("inactive", "Job=0\nMainPID=0\nSubState=exited", true),
            ("active", "MainPID=0\nSubState=exited", false), ("deactivating", "MainPID=0\nSubState=exited", false),
        ]
    )
    func aUnitIsDownThatNothingStarts(state: String, more: String, isDown: Bool) throws {
        #expect(try trials(state, 0, more: more).isDown == isDown)
    }

    @Test(arguments: [("success", nil), ("exit-code", "exit-code"), ("signal", "signal")])
    func whatCoreosCloudinitLeftUndoneIsKnown(result: String, fault: String?) throws {
        #expect(try trials("inactive", 0, more: "MainPID=0\nResult=\(result)").setupFault == fault)
    }

    @Test(arguments: ["", "ActiveState=active", "NRestarts=x\nActiveState=active", "sh: systemctl: not found"])
    func otherAnswersSayNothing(text: String) { #expect(UnitTrials(text) == nil) }
}
