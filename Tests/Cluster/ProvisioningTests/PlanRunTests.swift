import Planning
import Provisioning
import Testing

struct PlanRunTests {
    private func step(_ id: StepID, _ needs: StepID...) -> Step {
        Step(id, .destroyUnit(name: "\(id)"), reason: "why not", needs: needs)
    }

    private func run(_ steps: Step...) throws -> PlanRun {
        try PlanRun(Plan(cluster: "demo", purpose: .converge, generation: 1, steps: steps))
    }

    @Test func aStepIsReadyOnceAllItNeedsIsDone() throws {
        var run = try run(step("a"), step("b"), step("c", "a", "b"))
        #expect(run.takeReady().map(\.id) == ["a", "b"])
        #expect(run.takeReady().isEmpty)
        run.finished(step("a"))
        #expect(run.takeReady().isEmpty)
        run.finished(step("b"))
        #expect(run.takeReady().map(\.id) == ["c"])
        #expect(!run.isOver)
        run.finished(step("c"))
        #expect(run.isOver)
        #expect(run.remaining.isEmpty)
    }

    @Test func afterAFailureNothingBegins() throws {
        var run = try run(step("a"), step("b"), step("c", "a"))
        _ = run.takeReady()
        run.failed(step("b"))
        #expect(!run.isOver)
        run.finished(step("a"))
        #expect(run.takeReady().isEmpty)
        #expect(run.remaining.map(\.id) == ["c"])
        #expect(run.isOver)
    }
}
