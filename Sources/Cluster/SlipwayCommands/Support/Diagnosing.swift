import ArgumentParser
import Diagnostics
import TopologyLoading
import TopologyModel
import Workspace

/// Tells a person what is wrong with a file, all of it, and ends with status 1.
enum Diagnosing {
    /// The topology of an argument, with its warnings shown.
    static func topology(_ argument: ClusterArgument) throws -> LoadedTopology {
        let loaded = try argument.load()
        show(loaded.diagnostics, sources: loaded.sources)
        guard loaded.topology != nil, !loaded.diagnostics.hasErrors else { throw ToldFailure(loaded.diagnostics) }
        return loaded
    }

    /// A topology as the options of a command make it of its file, and the texts that diagnostics point into.
    static func topology(
        _ argument: ClusterArgument,
        _ runtimes: RuntimeOptions,
    ) throws -> (topology: Topology, sources: [String: String]) {
        let loaded = try topology(argument)
        return (try showing(loaded.sources) { try runtimes.applied(to: loaded.checked()) }, loaded.sources)
    }

    /// Reads a file's text, with errors reported as a topology's.
    static func text(at path: String) throws -> String {
        let files = DiskFiles()
        do {
            if let text = try files.text(at: path) { return text }
        } catch {
            throw UserError("cannot read \(path): \(error)")
        }
        // The loader reports a file that does not exist.
        let diagnostics = TopologyLoader(files: files).load(path: path).diagnostics
        show(diagnostics, sources: [:])
        throw ToldFailure(diagnostics)
    }

    static func show(_ diagnostics: [Diagnostic], sources: [String: String]) {
        guard !diagnostics.isEmpty else { return }
        Output.raw(DiagnosticRenderer(color: Output.errorIsTerminal).render(diagnostics, sources: sources))
    }

    /// Synchronous variant of `showing(_:_:)`.
    static func showing<Result>(_ sources: [String: String], _ work: () throws -> Result) throws -> Result {
        do {
            return try work()
        } catch let error as DiagnosticsError {
            show(error.diagnostics, sources: sources.merging(error.sources) { $1 })
            throw ToldFailure(error.diagnostics)
        }
    }

    /// Runs `work`; diagnostics it throws are shown with the lines they point at.
    static func showing<Result>(
        _ sources: [String: String],
        _ work: () async throws -> Result,
    ) async throws -> Result {
        do {
            return try await work()
        } catch let error as DiagnosticsError {
            show(error.diagnostics, sources: sources.merging(error.sources) { $1 })
            throw ToldFailure(error.diagnostics)
        }
    }
}
