import Basics
import Dispatch
import Provisioning
import Subprocess
import SystemPackage

/// Another process of slipway that undoes what this one does when this one is killed.
///
/// It says that it is ready, and then waits at its standard input: for a word at the end of the work, or for the end of
/// the input, which comes with this process' own, however that ends.
enum GuardProcess {
    private static let ready = "ready"
    private static let done = "done"
    /// Time in which it is ready, for which libvirt has to answer it.
    private static let startLimit = Duration.seconds(60)

    /// Runs `body` while the other process watches.
    ///
    /// - Parameters:
    ///   - words: the arguments of slipway that make it the guard.
    ///   - refusal: what is not done where the guard does not start, for people.
    /// - Returns: the result of `body`, and how the guard failed, if it did.
    static func watching<Result: Sendable>(
        _ words: [String],
        refusal: String,
        _ body: () async throws -> Result,
    ) async throws -> (result: Result, trouble: String?) {
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        let (ends, ended) = AsyncStream.makeStream(of: Void.self)
        // Not cancelled with the work, which is undone then under the guard's eyes.
        let process = Task {
            defer { started.finish() }
            return try await run(words, started, ends)
        }
        let isReady = await withDeadline(startLimit) { await starts.contains { _ in true } }
        guard isReady == true else {
            let what = "\(refusal): the process that would undo it"
            guard isReady != nil else {
                process.cancel()
                try Task.checkCancellation()
                throw ProvisioningError("\(what) is not ready after \(startLimit); see: slipway doctor")
            }
            ended.finish()
            let why = try await process.value.map { ": it \($0)" } ?? ""
            throw ProvisioningError("\(what) does not start\(why)")
        }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        ended.finish()
        let trouble: String?
        do { trouble = try await process.value } catch { trouble = "cannot be told: \(error)" }
        return (try result.get(), trouble)
    }

    /// - Returns: how it failed; nil where it ended as it was told.
    private static func run(
        _ words: [String],
        _ started: AsyncStream<Void>.Continuation,
        _ ends: AsyncStream<Void>,
    ) async throws -> String? {
        var options = PlatformOptions()
        // Neither Ctrl-C nor the end of the terminal is for it.
        options.createSession = true
        let result = try await Subprocess.run(
            .path("/proc/self/exe"),
            arguments: Arguments(executablePathOverride: "slipway", remainingValues: words),
            environment: .inherit,
            platformOptions: options,
            input: .inputWriter,
            output: .sequence,
            error: .discarded,
        ) { execution in
            var said = ""
            for try await buffer in execution.standardOutput {
                said += buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                if said.contains("\n") { break }
            }
            guard said.hasPrefix(ready) else { return try await execution.standardInputWriter.finish() }
            started.yield()
            for await _ in ends {}
            _ = try await execution.standardInputWriter.write("\(done)\n")
            try await execution.standardInputWriter.finish()
        }
        return result.terminationStatus.isSuccess ? nil : "ended with \(result.terminationStatus)"
    }

    /// Says that this process is ready as a guard, and waits until the one that started it has ended.
    ///
    /// - Returns: true where it ended without a word, so that everything is to be undone.
    static func isNeeded() async -> Bool {
        Output.print(ready)
        let line = await withCheckedContinuation { continuation in
            DispatchQueue(label: "slipway.guard").async { continuation.resume(returning: readLine()) }
        }
        return line != done
    }
}
