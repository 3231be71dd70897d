import Testing
import TopologyLoading
import TopologyModel

/// What a file says of nodes that are lost.
@Suite struct RepairPolicyTests {
    @Test(arguments: [("", RepairPolicy.propose), ("repair: propose", .propose), ("repair: automatic", .automatic)])
    func aFileChooses(settings: String, expected: RepairPolicy) throws {
        #expect(try Fixture.load(Fixture.topology(settings: settings)).checked().repair == expected)
    }

    @Test(arguments: [
        (
            "repair: automatc",
            [
                "a.yaml:2:9+8 error: \"repair\" cannot be \"automatc\"", "  did you mean \"automatic\"?",
                "  valid: propose, automatic",
            ]
        ),
        ("repair: [automatic]", ["a.yaml:2:9+1 error: expected text for \"repair\", found a list"]),
        (
            "repairs: automatic",
            ["a.yaml:2:1+7 error: unknown key \"repairs\" in the topology", "  did you mean \"repair\"?"]
        ),
    ])
    func mistakes(settings: String, report: [String]) {
        #expect(Fixture.report(Fixture.topology(settings: settings)) == report)
    }
}
