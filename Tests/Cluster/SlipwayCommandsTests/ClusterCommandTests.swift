import Foundation
import TestKit
import Testing
import Workspace

@testable import SlipwayCommands

/// Whole commands on a host in memory, as a person types them and reads their answers.
@Suite(.timeLimit(.minutes(2)))
struct ClusterCommandTests {
    /// One member and a worker with a unit on it.
    private func topology(workers: Int = 1) -> String {
        """
        name: small
        network: {cidr: 10.9.0.0/24}
        roles:
          core: {count: 1, etcd: member}
          worker: {count: \(workers), etcd: proxy}
        units:
          - file: hello.service

        """
    }

    private func withHost(_ body: (_ host: CommandsOnFakes, _ file: String) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let file = "\(directory)/small.yaml"
            let unit = "[Service]\nExecStart=/bin/sleep infinity\n"
            try unit.write(toFile: "\(directory)/hello.service", atomically: true, encoding: .utf8)
            try topology().write(toFile: file, atomically: true, encoding: .utf8)
            try await body(try await CommandsOnFakes(home: directory, topology: file), file)
        }
    }

    /// A command and its answer. What differs from run to run is left out: times, and the directory of the test.
    private func scene(_ host: CommandsOnFakes, _ file: String, _ words: String...) async throws -> String {
        let ran = try await host.run(words)
        let directory = URL(filePath: file).deletingLastPathComponent().path
        func plain(_ text: String) -> String {
            text.replacingOccurrences(of: directory + "/", with: "")
                .replacing(#/\d+(\.\d+)? (ms|s)\b/#, with: "TIME")
        }
        var text = "$ slipway \(plain(words.joined(separator: " ")))\n" + plain(ran.output)
        if !ran.error.isEmpty {
            let lines = plain(ran.error).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            // Steps beside each other end in any order.
            let done = lines.filter { $0.hasPrefix("✓") }.sorted()
            let first = lines.firstIndex { $0.hasPrefix("✓") } ?? lines.endIndex
            let rest = lines[first...].filter { !$0.hasPrefix("✓") }
            text += (lines[..<first] + done + rest).map { "err: \($0)\n" }.joined()
        }
        return text + "[\(ran.code)]\n\n"
    }

    /// `plan` shows what `up` would do, and `up` would not do this.
    @Test func aPlanForNodesOfRootIsRefusedAsUpIs() async throws {
        try await withHost { host, file in
            let machines = topology().replacing("{count: 1, etcd", with: "{count: 1, runtime: vm, etcd")
            try machines.write(toFile: file, atomically: true, encoding: .utf8)
            try await host.know(file)
            #expect(try await host.run(["up", file, "--yes"]).code == 0)
            #expect(try await host.run(["plan", file]).code == 0)
            let home = URL(filePath: file).deletingLastPathComponent().appending(path: "mine").path
            for words in [["plan", file], ["up", file, "--yes"]] {
                let refused = try await host.asUser(1000, home: home).run(words)
                #expect(refused.code == 1)
                #expect(refused.error.contains("has keys that are not in \(home)"), "\(refused)")
            }
        }
    }

    /// The end could not be recorded, and the beginning would stay for one that was cut short.
    @Test func aStopThatTakesTheMajorityIsNotBegunInHistory() async throws {
        try await withHost { host, file in
            #expect(try await host.run(["up", file, "--yes"]).code == 0)
            let workspace = try await host.workspace()
            for (node, isRecorded) in [("core-1", false), ("worker-1", true)] {
                let begun = await workspace.recordBeginning("slipway stop", steps: 1, of: "small", without: node)
                #expect((begun != nil) == isRecorded, "\(node)")
            }
        }
    }

    @Test("a cluster's life: planned, brought up, looked at, scaled and taken down")
    func life() async throws {
        try await withHost { host, file in
            var story = try await scene(host, file, "list")
            story += try await scene(host, file, "status", "small")
            story += try await scene(host, file, "plan", file)
            story += try await scene(host, file, "up", file)
            story += try await scene(host, file, "plan", file)
            story += try await scene(host, file, "up", file)
            story += try await scene(host, file, "list")
            story += try await scene(host, file, "status", "small")
            try topology(workers: 2).write(toFile: file, atomically: true, encoding: .utf8)
            try await host.know(file)
            story += try await scene(host, file, "plan", file)
            story += try await scene(host, file, "up", file)
            story += try await scene(host, file, "down", "small")
            story += try await scene(host, file, "down", "small", "--yes")
            story += try await scene(host, file, "down", "small", "--yes")
            story += try await scene(host, file, "list")
            try Golden.expect(story, "commands/life.txt")
        }
    }

    @Test("a node that does not come up: the step fails, and status says which")
    func failure() async throws {
        try await withHost { host, file in
            host.cluster.breakNode("worker-1", at: .cloudConfig)
            var story = try await scene(host, file, "up", file)
            story += try await scene(host, file, "status", "small")
            host.cluster.breakNode("worker-1", at: nil)
            story += try await scene(host, file, "up", file)
            story += try await scene(host, file, "status", "small")
            try Golden.expect(story, "commands/failure.txt")
        }
    }

    @Test("with --json every document is one, and an error is one too")
    func json() async throws {
        try await withHost { (host: CommandsOnFakes, file: String) async throws in
            func document(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws
                -> [String: Any]
            {
                let text = try await host.run(words).output
                let last = try #require(
                    text.contains("\n{") ? text.split(separator: "\n").last.map(String.init) : text,
                    sourceLocation: sourceLocation
                )
                return try #require(
                    try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any],
                    sourceLocation: sourceLocation
                )
            }
            #expect(try await document("status", "small", "--json")["error"] as? String != nil)
            #expect(try await (document("plan", file, "--json")["steps"] as? [Any])?.isEmpty == false)
            #expect(try await document("up", file, "--json")["event"] as? String == "done")
            #expect(try await document("status", "small", "--json")["cluster"] as? String == "small")
            #expect(try await (document("plan", file, "--json")["steps"] as? [Any])?.isEmpty == true)
            #expect(try await document("down", "small", "--json", "--yes")["event"] as? String == "done")
        }
    }
}
