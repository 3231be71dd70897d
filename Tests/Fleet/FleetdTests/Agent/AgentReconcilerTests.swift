import Fleetd
import Testing

struct AgentReconcilerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// `name=hash!` is launched, `name=hash` loaded.
        var desired: String
        var current: String
        var actions: [AgentAction]
    }

    static let cases = [
        Case(testDescription: "nothing", desired: "", current: "", actions: []),
        Case(testDescription: "all is well", desired: "a=1! b=2", current: "a=1! b=2", actions: []),
        Case(
            testDescription: "new and launched",
            desired: "a=1!",
            current: "",
            actions: [.load("a", .wantedHere), .reload, .start("a", .wantedLaunched)]
        ),
        Case(testDescription: "new", desired: "a=1", current: "", actions: [.load("a", .wantedHere), .reload]),
        Case(testDescription: "gone", desired: "", current: "a=1!", actions: [.unload("a", .notWanted), .reload]),
        Case(testDescription: "start", desired: "a=1!", current: "a=1", actions: [.start("a", .wantedLaunched)]),
        Case(testDescription: "stop", desired: "a=1", current: "a=1!", actions: [.stop("a", .wantedLoaded)]),
        Case(
            testDescription: "another text",
            desired: "a=2!",
            current: "a=1!",
            actions: [
                .unload("a", .otherText), .load("a", .otherText), .reload, .start("a", .wantedLaunched),
            ]
        ),
        Case(
            testDescription: "the whole order",
            desired: "a=1! b=1! c=1 d=2",
            current: "b=1 c=1! d=1 e=1!",
            actions: [
                .unload("d", .otherText), .unload("e", .notWanted), .load("a", .wantedHere), .load("d", .otherText),
                .reload, .stop("c", .wantedLoaded), .start("a", .wantedLaunched), .start("b", .wantedLaunched),
            ]
        ),
    ]

    @Test(arguments: cases)
    func table(_ example: Case) {
        let desired = Self.parse(example.desired) { DesiredUnit(name: $0, hash: $1, launched: $2) }
        let current = Self.parse(example.current) { CurrentUnit(name: $0, hash: $1, launched: $2) }
        #expect(AgentReconciler.actions(desired: desired, current: current) == example.actions)
    }

    private static func parse<Unit>(_ text: String, _ make: (String, String, Bool) -> Unit) -> [String: Unit] {
        text.split(separator: " ").reduce(into: [:]) { units, word in
            let halves = word.split(separator: "=")
            let hash = halves[1].filter { $0 != "!" }
            units[String(halves[0])] = make(String(halves[0]), hash, word.hasSuffix("!"))
        }
    }
}
