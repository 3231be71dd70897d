import ArgumentParser
import Basics
import FoundationEssentials
import Graphs
import Planning
import Provisioning
import Synchronization

/// File to which a run writes how long each of its steps took.
struct TimelineOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write what each step took, beside the longest chain: .svg, or .json in Chrome's trace format.",
            valueName: "file",
        )
    )
    var timeline: String?

    func validate() throws {
        guard let timeline, TimelineRecorder.Format(path: timeline) == nil else { return }
        throw ValidationError("--timeline takes a file whose name ends in .svg or .json")
    }

    /// A recorder for the run of a command; nil where none was asked for.
    func recorder(title: String) -> TimelineRecorder? {
        timeline.flatMap { path in
            TimelineRecorder.Format(path: path).map { TimelineRecorder(title, path: path, format: $0) }
        }
    }
}

extension TimelineRecorder? {
    /// Does the work, and where a file is asked for writes it, also of work that failed.
    func recording<Result>(_ work: () async throws -> Result) async throws -> Result {
        guard let self else { return try await work() }
        return try await self.recording(work)
    }
}

/// Keeps when the steps of a run began and ended, and writes it to a file.
final class TimelineRecorder: Sendable {
    enum Format: String, Sendable {
        case svg, json

        init?(path: String) { self.init(rawValue: String(path.split(separator: ".").last ?? "")) }
    }

    private let path: String
    private let format: Format
    private let begin = ContinuousClock.now
    private let timeline: Mutex<Timeline>

    init(_ title: String, path: String, format: Format) {
        (self.path, self.format) = (path, format)
        timeline = Mutex(Timeline(title))
    }

    func take(_ event: Event) {
        let time = ContinuousClock.now - begin
        timeline.withLock { timeline in
            switch event {
            case .started(let step): timeline.begin(step, title: StepTitle(step.action).text, at: time)
            case .progress(let step, let text): timeline.note(text, of: step, at: time)
            case .finished(let step, _): timeline.end(step.id, .done, at: time)
            case .failed(let step, let error):
                timeline.end(step.id, error is CancellationError ? .interrupted : .failed, at: time)
            case .reached, .warning, .notStarted: break
            }
        }
    }

    /// Does the work, and writes the file, also of work that failed.
    func recording<Result>(_ work: () async throws -> Result) async throws -> Result {
        let result: Result
        do {
            result = try await work()
        } catch {
            do { try write() } catch let second { Output.note("\(second)") }
            throw error
        }
        try write()
        return result
    }

    private func write() throws {
        let timeline = timeline.withLock { $0 }
        switch format {
        case .svg: try AtomicFile.write(timeline.svg, to: path)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try AtomicFile.write(Array(encoder.encode(TraceDocument(timeline))), to: path)
        }
        Output.note("Timeline in \(path).")
    }
}
