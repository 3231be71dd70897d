import Planning
import Testing

/// A plan is refused when its steps cannot be done in the order they stand in.
struct PlanOrderTests {
    private func plan(_ steps: Step...) throws(PlanFault) -> Plan {
        try Plan(cluster: "demo", purpose: .converge, generation: 1, steps: steps)
    }

    private func step(_ id: StepID, _ needs: StepID...) -> Step {
        Step(id, .destroyUnit(name: "\(id)"), reason: "a test", needs: needs)
    }

    @Test func aNeedThatNoStepMeetsIsRefused() {
        let fault = #expect(throws: PlanFault.self) { try plan(step("a"), step("b", "a", "c")) }
        #expect(fault?.descriptions == ["b needs c, which no step before it meets"])
    }

    @Test func stepsThatNeedEachOtherAreRefused() {
        #expect(throws: PlanFault.self) { try plan(step("a", "b"), step("b", "a")) }
    }

    @Test func twoStepsOfOneIDAreRefused() {
        #expect(throws: PlanFault(["two steps are called a"])) { try plan(step("a"), step("a")) }
    }

    @Test func whatComesInOrderIsAPlan() throws {
        #expect(try plan(step("a"), step("b", "a"), step("c", "a", "b")).steps.count == 3)
    }
}
