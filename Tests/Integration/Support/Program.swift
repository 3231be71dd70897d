import Foundation
import Subprocess
import TestKit
import Testing

/// How a program ended and what it said.
struct Ran: Sendable, CustomStringConvertible {
    var command: String
    /// 128 + signal when a signal ended it.
    var exitCode: Int
    var output: String
    var error: String
    var took: Duration

    var description: String {
        "`\(title)` ended with \(exitCode) after \(took)\n--- output:\n\(tail(output))\n--- error:\n\(tail(error))"
    }

    /// The command; of a script of many lines, the first.
    private var title: String {
        let lines = command.split(separator: "\n")
        return lines.count > 1 ? "\(lines[0].prefix(200)) …" : command
    }

    /// All it said.
    var text: String { output + error }

    /// This run, when it ended as expected.
    @discardableResult
    func expecting(_ code: Int) throws -> Ran {
        guard exitCode == code else { throw Unexpected("exit code \(code) was expected: \(self)") }
        return self
    }

    /// Output as JSON.
    func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(output.utf8))
        } catch {
            throw Unexpected("this is not the JSON expected (\(error)): \(self)")
        }
    }

    private func tail(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).suffix(60).joined(separator: "\n")
    }
}

/// What a test saw instead of what it expected, with evidence.
struct Unexpected: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// The programs under test and those of the host.
enum Program {
    /// Where `slipway` and the node programs are: SLIPWAY_TEST_PROGRAMS, or those that were built with the tests.
    static let directory: String =
        ProcessInfo.processInfo.environment["SLIPWAY_TEST_PROGRAMS"] ?? "\(checkout)/.build/debug"

    /// A docker client; Scripts/test unpacks it.
    static var docker: String { "\(checkout)/.build/checkers/usr/bin/docker" }

    static let checkout = Checkout.path

    /// Slipway's own directory, where nodes' files are.
    static let home = ProcessInfo.processInfo.environment["SLIPWAY_HOME"] ?? "/var/lib/slipway"

    /// Throws, with what to do, where there is no sandbox or nothing to test.
    static func requireSandbox() throws {
        guard ProcessInfo.processInfo.environment["SLIPWAY_IN_SANDBOX"] != nil else {
            throw Unexpected("these tests run real nodes and need a sandbox for them; run: Scripts/test nodes")
        }
        let slipway = "\(directory)/slipway"
        guard FileManager.default.isExecutableFile(atPath: slipway) else {
            throw Unexpected("there is no \(slipway); run: Scripts/test nodes (or say SLIPWAY_TEST_PROGRAMS=directory)")
        }
    }

    static func slipway(_ arguments: [String], deadline: Int = 180) async throws -> Ran {
        try requireSandbox()
        return try await run(["\(directory)/slipway"] + arguments, deadline: deadline)
    }

    static func virsh(_ arguments: String...) async throws -> Ran {
        try await run(["virsh", "-q", "-c", "lxc:///system"] + arguments).expecting(0)
    }

    /// Runs a script of the shell on this host.
    static func shell(_ script: String, deadline: Int = 60) async throws -> Ran {
        try await run(["bash", "-c", script], deadline: deadline)
    }

    /// Runs a program to its end; one that takes longer than `deadline` seconds is stopped, and that is an error.
    static func run(_ command: [String], deadline: Int = 60) async throws -> Ran {
        let begin = ContinuousClock.now
        let result = try await Subprocess.run(
            .name("timeout"),
            arguments: Arguments(["--kill-after=5", "\(deadline)"] + command),
            output: .string(limit: 1 << 24),
            error: .string(limit: 1 << 24),
        )
        let code = if case .exited(let code) = result.terminationStatus { Int(code) } else { 137 }
        let ran = Ran(
            command: command.joined(separator: " "),
            exitCode: code,
            output: result.standardOutput,
            error: result.standardError,
            took: ContinuousClock.now - begin,
        )
        // What a node's programs say comes with `exec`.
        if command[0].hasPrefix(directory), !command.contains("exec") { LibraryWords.expectNone(in: ran.error) }
        guard code != 124 else { throw Unexpected("not ended within \(deadline) s: \(ran)") }
        return ran
    }

    /// Runs `slipway` and kills it (SIGKILL, and only itself, not what it started) after a while.
    ///
    /// - Returns: nil when it had ended before.
    static func killed(_ arguments: [String], after: Duration) async throws -> Ran? {
        try requireSandbox()
        // What slipway had started may outlive it, and would hold a pipe open.
        let log = NSTemporaryDirectory() + "slipway-killed-\(UUID().uuidString)"
        let words =
            ["timeout", "--foreground", "-s", "KILL", "\(after / .seconds(1))", "\(directory)/slipway"] + arguments
        var ran = try await run(
            ["bash", "-c", #"log=$1; shift; "$@" >"$log" 2>&1; [ $? -ne 137 ] || exit 137"#, "bash", log] + words
        )
        ran.output = try String(contentsOfFile: log, encoding: .utf8)
        try FileManager.default.removeItem(atPath: log)
        return ran.exitCode == 137 ? ran : nil
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
