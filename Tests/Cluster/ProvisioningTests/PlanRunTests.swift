import Planning
import Provisioning
import Testing

struct PlanRunTests {
    private func step(_ id: String, _ needs: String...) -> Step {
        Step(id, .removeNode(name: id), reason: "why not", needs: needs)
    }

    private func run(_ steps: Step...) -> PlanRun {
        PlanRun(Plan(cluster: "demo", purpose: .converge, generation: 1, steps: steps))
    }

    @Test func aStepIsReadyOnceAllItNeedsIsDone() {
        var run = run(step("a"), step("b"), step("c", "a", "b"))
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

    @Test func afterAFailureNothingBegins() {
        var run = run(step("a"), step("b"), step("c", "a"))
        _ = run.takeReady()
        run.failed(step("b"))
        run.finished(step("a"))
        #expect(run.takeReady().isEmpty)
        #expect(run.remaining.map(\.id) == ["c"])
        #expect(run.isOver)
    }

    @Test func aStoppedRunIsOverWhenWhatRunsHasEnded() {
        var run = run(step("a"), step("b", "a"))
        _ = run.takeReady()
        run.stop()
        #expect(!run.isOver)
        run.finished(step("a"))
        #expect(run.isOver)
        #expect(run.takeReady().isEmpty)
    }

    @Test func stepsThatNeedEachOtherNeverBegin() {
        var run = run(step("a", "b"), step("b", "a"))
        #expect(run.takeReady().isEmpty)
        #expect(run.remaining.count == 2)
    }
}
