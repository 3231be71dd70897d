import Foundation
import TestKit
import Testing

extension RealNodes.LifecycleTests {
    /// What a person looks at beside tables: pictures, journals as they are written, the screen that stays.
    func looksGood(_ cluster: TestCluster) async throws {
        try await isDrawn(cluster)
        try await journalsAreMerged(cluster)
        try await isWatched(cluster)
    }

    /// Brings the cluster up, and has what it took drawn.
    func upWithTimeline(_ cluster: TestCluster) async throws {
        let file = "\(cluster.directory)/timeline.svg"
        try await Program.slipway(["up", cluster.file, "--yes", "--timeline", file]).expecting(0)
        let drawn = try String(contentsOfFile: file, encoding: .utf8)
        for part in ["<svg", "slipway up", "central-1", "worker-2", "web@1.service"] {
            #expect(drawn.contains(part), "\(part) is not in \(drawn)")
        }
        let trace = "\(cluster.directory)/timeline.json"
        // Nothing is left to do, which is a picture as well.
        try await Program.slipway(["up", cluster.file, "--yes", "--timeline", trace]).expecting(0)
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: trace)))
        #expect((document as? [String: Any])?["traceEvents"] != nil, "\(document)")
    }

    private func isDrawn(_ cluster: TestCluster) async throws {
        let text = try await Program.slipway(["graph", cluster.name, "--format", "text"]).expecting(0).output
        // As it is: a name stands for the cluster, not for its file.
        for part in ["central-3", "worker-1", "web@2.service", "ready"] { #expect(text.contains(part), "\(text)") }
        let marks = ["svg": "<svg", "dot": "graph ", "mermaid": "flowchart"]
        for (format, mark) in marks {
            let drawn = try await Program.slipway(["graph", cluster.name, "--format", format]).expecting(0).output
            #expect(drawn.contains(mark) && drawn.contains("central-1"), "\(drawn)")
        }
        let file = try await Program.slipway(["graph", cluster.file, "--format", "text"]).expecting(0).output
        #expect(file != text, "a file is drawn as planned: \(file)")
    }

    /// Messages of one unit on two nodes, from before and from after the look at them, in the order of their times.
    private func journalsAreMerged(_ cluster: TestCluster) async throws {
        try await say("before", on: "worker-1", cluster)
        let follower = try GuardedProcess(
            [
                "\(Program.directory)/slipway", "logs", cluster.name, "--follow", "--unit", "talker.service",
                "--since", "1 hour ago",
            ],
            log: "\(cluster.directory)/logs",
            environment: ["NO_COLOR": "1"],
        )
        func told() -> [String] {
            let text = (try? String(contentsOfFile: follower.log, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").map(String.init).filter { $0.contains("talks ") }
        }
        try await eventually(within: .seconds(60), "what was said before is told") { told().count == 1 }
        try await say("first", on: "worker-2", cluster)
        try await say("second", on: "worker-1", cluster)
        try await eventually(within: .seconds(60), "what is said is told: \(told())") { told().count == 3 }
        let lines = told()
        let said = lines.map { $0.split(separator: " ") }
        #expect(said.map { $0[2] } == ["worker-1", "worker-2", "worker-1"], "\(lines)")
        #expect(said.compactMap(\.last) == ["before", "first", "second"], "\(lines)")
        #expect(lines.map { $0.prefix(18) } == lines.map { $0.prefix(18) }.sorted(), "\(lines)")
    }

    private func say(_ word: String, on node: String, _ cluster: TestCluster) async throws {
        let script = "sudo systemd-run --quiet --wait --collect --unit=talker --description=talker echo talks \(word)"
        try await cluster.exec(node, script).expecting(0)
    }

    /// On a terminal, which gets smaller meanwhile, and is afterwards as it was.
    private func isWatched(_ cluster: TestCluster) async throws {
        let ran = try await Program.run(
            [
                "python3", "\(Program.checkout)/Scripts/lib/terminal.py", "--size", "120x40",
                // On its own screen, down to the last line.
                "--wait", #"\x1b\[\?1049h"#, "--wait", "worker-2(.|\n)*etcd central-1 (.|\n)*q quits",
                "--size", "60x12", "--wait", "more lines(.|\n)*q quits", "--type", "a", "--wait", "a shows roles",
                "--type", "q", "--wait", #"\x1b\[\?1049l"#, "--", "\(Program.directory)/slipway", "status",
                cluster.name,
                "--watch",
            ],
            deadline: 120,
        ).expecting(0)
        // What was seen last stays.
        let left = try #require(ran.output.split(separator: "\u{1B}[?1049l").last)
        #expect(left.contains("worker-2") && !left.contains("q quits"), "\(left)")
        let small = try #require(ran.output.split(separator: "more lines").last).prefix { $0 != "\u{7}" }
        #expect(
            small.split(separator: "\u{1B}[H").dropFirst().prefix(2).allSatisfy {
                $0.split(separator: "\r\n").count <= 12
            }
        )
    }
}
