/// Progress of a long command: a lasting line for everything that ended, and for a terminal the lines of running tasks,
/// to be redrawn.
///
/// It has no clock: who calls it says how long things took.
package struct ProgressReport: Sendable {
    /// Outcome of a task.
    package enum Outcome: Sendable, Hashable {
        case done
        case skipped
        case failed(String)
    }

    /// Change of a task, or a line to print.
    package enum Event: Sendable, Hashable {
        /// - Parameters:
        ///   - task: names the task in later events.
        ///   - title: what is done, such as `start worker-2`.
        case started(task: String, title: String)
        /// Current step of a running task, such as `waiting for ssh`.
        case step(task: String, String)
        case finished(task: String, Outcome, took: Duration)
        /// A line that belongs to no task.
        case note(String)
    }

    private struct Task: Sendable {
        var id: String
        var title: String
        var step: String?
    }

    /// Colours to print with.
    package var style: Style
    private var running: [Task] = []

    private static let frames: [Character] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

    package init(style: Style = .plain) {
        self.style = style
    }

    /// Takes in an event.
    ///
    /// - Returns: the lines to keep on the screen, without newlines. A task that was never started is shown by its
    ///   identifier.
    package mutating func lines(for event: Event) -> [String] {
        switch event {
        case .started(let id, let title):
            running.removeAll { $0.id == id }
            running.append(Task(id: id, title: title))
            return []
        case .step(let id, let step):
            if let index = running.firstIndex(where: { $0.id == id }) { running[index].step = step }
            return []
        case .finished(let id, let outcome, let took):
            let title = running.first { $0.id == id }?.title ?? id
            running.removeAll { $0.id == id }
            return lasting(title, outcome, took: took)
        case .note(let text):
            return Self.split(text)
        }
    }

    /// The lines of what is under way, the longest running first.
    ///
    /// - Parameters:
    ///   - frame: counts up with every redraw, and turns the wheel.
    ///   - elapsed: how long each task has run, by task.
    ///   - width: the columns of the terminal; a longer line would break the redrawing.
    ///   - limit: how many lines there may be; what is above it is summed up in the last one.
    package func live(
        frame: Int,
        elapsed: [String: Duration] = [:],
        width: Int = 80,
        limit: Int = 8,
    ) -> [String] {
        let wheel = String(Self.frames[Int(frame.magnitude % UInt(Self.frames.count))])
        let shown = running.count > limit ? running.prefix(max(0, limit - 1)) : running[...]
        var lines = shown.map { task in
            let step = task.step.map { ": \($0)" } ?? ""
            let time = elapsed[task.id].map { " " + style.paint(Format.duration($0), .dim) } ?? ""
            return "\(style.paint(wheel, .cyan)) \(task.title)\(step)\(time)"
        }
        let hidden = running.count - shown.count
        if hidden > 0 { lines.append("  and \(hidden) more") }
        return lines.map { DisplayText.fitted($0, to: width) }
    }

    private func lasting(_ title: String, _ outcome: Outcome, took: Duration) -> [String] {
        let time = style.paint("(\(Format.duration(took)))", .dim)
        switch outcome {
        case .done: return ["\(style.paint("✓", .green)) \(title) \(time)"]
        case .skipped: return ["\(style.paint("-", .dim)) \(title)"]
        case .failed(let reason):
            let rest = Self.split(reason).map { "  \($0)" }
            return ["\(style.paint("✗", .red, .bold)) \(title) \(time)"] + rest
        }
    }

    private static func split(_ text: String) -> [String] {
        text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
    }
}
