import FleetState
import Fleetd
import Systemd
import Testing

@Suite struct UnitFateTests {
    enum Event {
        case queued(String)
        case saw(String)
        case ended(String, JobResult)
    }

    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var events: [Event]
        var outcome: UnitState.Outcome?
        var hasReason = false
        var hasConditions = false
        var isOneshot = false
    }

    static let cases = [
        Case(testDescription: "nothing is known", events: [], outcome: nil),
        Case(testDescription: "its start is queued", events: [.queued("1"), .saw("inactive")], outcome: nil),
        Case(
            testDescription: "it has ended by itself",
            events: [.queued("1"), .saw("active"), .ended("1", .done), .saw("inactive")],
            outcome: .done
        ),
        Case(
            testDescription: "it ended so fast that nothing else was seen",
            events: [.queued("1"), .saw("inactive"), .ended("1", .done)],
            outcome: .done
        ),
        Case(
            testDescription: "the job ended before it was named",
            events: [.saw("inactive"), .ended("1", .done), .queued("1")],
            outcome: .done
        ),
        Case(
            testDescription: "a condition keeps it from starting",
            events: [.queued("1"), .saw("inactive"), .ended("1", .done)],
            outcome: .stopped,
            hasReason: true,
            hasConditions: true
        ),
        Case(
            testDescription: "its conditions are met",
            events: [.queued("1"), .saw("active"), .ended("1", .done), .saw("inactive")],
            outcome: .done,
            hasConditions: true
        ),
        Case(
            testDescription: "what it depends on has failed",
            events: [.queued("1"), .saw("inactive"), .ended("1", .dependency)],
            outcome: .stopped,
            hasReason: true
        ),
        Case(
            testDescription: "its start was canceled",
            events: [.queued("1"), .saw("inactive"), .ended("1", .canceled)],
            outcome: .stopped,
            hasReason: true
        ),
        Case(
            testDescription: "another job has stopped it",
            events: [.queued("1"), .saw("active"), .ended("1", .done), .saw("inactive"), .ended("2", .done)],
            outcome: .stopped,
            hasReason: true
        ),
        Case(
            testDescription: "another job has run a oneshot once more",
            events: [.queued("1"), .ended("1", .done), .saw("activating"), .saw("inactive"), .ended("2", .done)],
            outcome: .done,
            isOneshot: true
        ),
        Case(
            testDescription: "a job that is not its start ends while that is queued",
            events: [.queued("2"), .saw("inactive"), .ended("1", .done)],
            outcome: nil
        ),
        Case(
            testDescription: "it is started again",
            events: [.queued("1"), .ended("1", .dependency), .queued("2"), .saw("active"), .ended("2", .done)]
                + [.saw("inactive")],
            outcome: .done
        ),
    ]

    @Test(arguments: cases)
    func whatIsTold(_ example: Case) {
        var fate = UnitFate()
        for event in example.events {
            switch event {
            case .queued(let job): fate.startQueued(job)
            case .saw(let state): fate.saw(UnitStatus(name: "a.service", activeState: state))
            case .ended(let job, let result): fate.jobEnded(job, result)
            }
        }
        let verdict = fate.verdict(
            UnitStatus(name: "a.service"),
            hasConditions: example.hasConditions,
            isOneshot: example.isOneshot,
        )
        #expect(verdict.outcome == example.outcome)
        #expect((verdict.reason != nil) == example.hasReason)
    }

    @Test func anEarlierFleetdsWordStays() {
        var told = UnitState.running()
        told.activeState = "inactive"
        (told.outcome, told.reason) = (.stopped, "why")
        let verdict = UnitFate(told: told, isRunning: false)
            .verdict(UnitStatus(name: "a.service"), hasConditions: false, isOneshot: false)
        #expect(verdict.outcome == .stopped && verdict.reason == "why")
    }
}
