import Chaos
import FaultInjection
import Synchronization
import Terminal

/// Shows a chaos run as it goes on: on a terminal with the faults that last, elsewhere a line for each that ended.
final class ChaosPrinter: LivePrinter {
    fileprivate struct State {
        var report: ProgressReport
        var area = LiveArea()
        var frame = 0
        var begun: [Int: Duration] = [:]
    }

    private let state: Mutex<State>
    private let isSilent: Bool
    let isLive: Bool

    init(isLive: Bool, isSilent: Bool) {
        self.isLive = isLive
        self.isSilent = isSilent
        state = Mutex(State(report: ProgressReport(style: Output.errorStyle)))
    }

    var take: @Sendable (ChaosRun.Progress) -> Void {
        { [self] progress in
            guard !isSilent else { return }
            let lines = state.withLock { $0.lines(for: progress) }
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
}

extension ChaosPrinter.State {
    fileprivate mutating func lines(for progress: ChaosRun.Progress) -> [String] {
        switch progress {
        case .preparing(let what): return ["  \(what)"]
        case .judging: return ["  judging what was seen"]
        case .impossible(let why): return ["  left out from now on: \(why)"]
        case .violated(let violation): return [Output.errorStyle.paint("violated", .red) + ": \(violation.text)"]
        case .began(let fault, let time):
            begun[fault.number] = time
            let lasts = fault.seconds > 0 ? " for \(Format.duration(fault.duration))" : ""
            return report.lines(for: .started(task: "\(fault.number)", title: "\(fault)\(lasts)"))
        case .ended(let fault, let time):
            let took = time - (begun.removeValue(forKey: fault.number) ?? time)
            return report.lines(for: .finished(task: "\(fault.number)", .done, took: took))
        }
    }
}
