import Diagnostics
import Planning
import Provisioning
import Synchronization
import Terminal

/// Shows a plan being carried out: on a terminal with what is under way, elsewhere a line for everything that ended; as
/// JSON one line an event.
final class ProgressPrinter: LivePrinter {
    enum Format: Sendable {
        case text, json
    }

    fileprivate struct State {
        var report: ProgressReport
        var area = LiveArea()
        var frame = 0
        var begun: [StepID: ContinuousClock.Instant] = [:]
    }

    private let state: Mutex<State>
    private let format: Format
    let isLive: Bool
    private let clock = ContinuousClock()

    init(format: Format) {
        self.format = format
        isLive = format == .text && Output.errorIsTerminal
        state = Mutex(State(report: ProgressReport(style: Output.errorStyle)))
    }

    func clear() { state.withLock { Output.raw($0.area.clear()) } }

    /// Shows an event.
    func take(_ event: Event) {
        switch format {
        case .json:
            // A line that cannot be encoded would be a bug in the payload; the work goes on.
            if let line = try? JSONText.line(EventPayload(event)) { Output.print(line) }
        case .text:
            let lines = state.withLock { $0.lines(for: event, now: clock.now) }
            if isLive { redraw(lasting: lines) } else { lines.forEach(Output.note) }
        }
    }

    func redraw(lasting: [String]) {
        state.withLock { state in
            state.frame += lasting.isEmpty ? 1 : 0
            let elapsed = state.begun.map { ($0.key.description, clock.now - $0.value) }
            let live = state.report.live(
                frame: state.frame,
                elapsed: Dictionary(uniqueKeysWithValues: elapsed),
                width: Output.width - 1
            )
            Output.raw(state.area.update(lasting: lasting, live: live))
        }
    }
}

extension ProgressPrinter.State {
    fileprivate mutating func lines(for event: Event, now: ContinuousClock.Instant) -> [String] {
        switch event {
        case .started(let step):
            begun[step.id] = now
            return report.lines(for: .started(task: step.id.description, title: StepTitle(step.action).text))
        case .progress(let step, let text):
            return report.lines(for: .step(task: step.description, text))
        case .warning(let step, let text):
            return ["\(Output.errorStyle.paint("warning:", .yellow)) \(step): \(text)"]
        case .finished(let step, let took):
            begun[step.id] = nil
            return report.lines(for: .finished(task: step.id.description, .done, took: took))
        case .failed(let step, let error):
            let took = begun.removeValue(forKey: step.id).map { now - $0 } ?? .zero
            if error is CancellationError {
                return report.lines(for: .finished(task: step.id.description, .skipped, took: took))
            }
            return report.lines(for: .finished(task: step.id.description, .failed("\(error)"), took: took))
        case .reached, .notStarted:
            return []
        }
    }
}

/// A printer of lines that change on a terminal.
protocol LivePrinter: Sendable {
    /// False where the output is no terminal.
    var isLive: Bool { get }
    /// Draws the live lines anew, below lines that stay.
    func redraw(lasting: [String])
    /// Removes the live lines.
    func clear()
}

extension LivePrinter {
    /// Keeps the live lines moving until `work` is over.
    func during<Result: Sendable>(_ work: @Sendable () async throws -> Result) async throws -> Result {
        guard isLive else { return try await work() }
        let ticker = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(120))
                redraw(lasting: [])
            }
        }
        defer {
            ticker.cancel()
            clear()
        }
        return try await work()
    }
}

/// The last JSON line of a command that did what it was asked for, if only nothing.
struct DonePayload: Encodable {
    var event = "done"
    /// Number of steps that were carried out; 0 where there was nothing to do.
    var steps: Int
    var seconds: Double

    init(_ plans: [Plan], took: Duration) {
        (steps, seconds) = (plans.reduce(0) { $0 + $1.steps.count }, took / .seconds(1))
    }
}

/// An event as one JSON line.
struct EventPayload: Encodable {
    var event: String
    /// Nil in what is said of the plan as a whole.
    var step: StepID?
    var title: String?
    var text: String?
    /// Of a node that is on a rung of its way to readiness.
    var node: String?
    var rung: Rung?
    var seconds: Double?
    var error: String?

    init(_ warning: Diagnostic) {
        (event, text) = ("warning", ([warning.message] + warning.notes).joined(separator: "; "))
    }

    init(_ event: Event) {
        switch event {
        case .started(let step):
            (self.event, self.step, title) = ("started", step.id, StepTitle(step.action).text)
        case .progress(let id, let words):
            (self.event, step, text) = ("progress", id, words)
        case .reached(let id, let name, let rung, let took):
            (self.event, step, node, self.rung, seconds) = ("reached", id, name, rung, took / .seconds(1))
        case .warning(let id, let words):
            (self.event, step, text) = ("warning", id, words)
        case .finished(let step, let took):
            (self.event, self.step, seconds) = ("finished", step.id, took / .seconds(1))
        case .failed(let step, _ as CancellationError):
            // By Ctrl-C, or since another step failed.
            (self.event, self.step) = ("interrupted", step.id)
        case .failed(let step, let failure):
            (self.event, self.step, error) = ("failed", step.id, "\(failure)")
        case .notStarted(let step):
            (self.event, self.step) = ("not_started", step.id)
        }
    }
}
