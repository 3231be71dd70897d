import Provisioning
import SmokeTests
import Synchronization
import Terminal

/// Shows a smoke test as it goes on.
final class SmokePrinter: LivePrinter {
    private struct State {
        var report: ProgressReport
        var area = LiveArea()
        var frame = 0
    }

    private let state: Mutex<State>
    let isLive: Bool

    init(isLive: Bool) {
        self.isLive = isLive
        state = Mutex(State(report: ProgressReport(style: Output.errorStyle)))
    }

    var take: @Sendable (SmokeTest.Progress) -> Void {
        { [self] progress in
            let event: ProgressReport.Event =
                switch progress {
                case .began(let name): .started(task: name, title: name)
                case .step(let name, let text): .step(task: name, text)
                case .ended(let result): .finished(task: result.name, Self.outcome(result), took: result.took)
                }
            let lines = state.withLock { $0.report.lines(for: event) }
            if isLive { redraw(lasting: lines) } else { lines.forEach(Output.note) }
        }
    }

    func clear() { state.withLock { Output.raw($0.area.clear()) } }

    func redraw(lasting: [String]) {
        state.withLock { state in
            state.frame += 1
            let live = state.report.live(frame: state.frame, width: Output.width - 1)
            Output.raw(state.area.update(lasting: lasting, live: live))
        }
    }

    private static func outcome(_ result: SmokeResult) -> ProgressReport.Outcome {
        switch result.outcome {
        case .passed: .done
        case .notApplicable: .skipped
        case .failed(let why, _): .failed(why)
        }
    }
}
