import Basics
import Foundation
import TestKit
import Testing

extension RealNodes {
    /// Nothing is lost, whenever a command dies.
    @Suite(.serialized)
    struct InterruptionTests {
        /// Another run can be repeated by giving its seed as SLIPWAY_TEST_SEED.
        private static let seed: UInt64 =
            ProcessInfo.processInfo.environment["SLIPWAY_TEST_SEED"].flatMap(UInt64.init)
            ?? UInt64.random(in: 0...999_999)

        @Test(
            "`up`, `scale` and `down`, killed at 21 random moments, complete when run again",
            .timeLimit(.minutes(15))
        )
        func kills() async throws {
            print("seed \(Self.seed)")
            var run = KillRun(random: SeededGenerator(seed: Self.seed), cluster: try await TestCluster.make("kills"))
            let cluster = run.cluster
            try cluster.writeTopology(members: 3, workers: 2, units: ["one.service": Units.sleeper()])
            do {
                try await run.measure()
                while run.kills < 21 { try await run.cycle() }
            } catch {
                let report =
                    "seed \(Self.seed), after \(run.kills) kills:\n\(run.log.joined(separator: "\n"))\n\(error)"
                try await cluster.removeAll()
                throw Unexpected(report)
            }
            print(run.log.joined(separator: "\n"))
            try await cluster.removeAll()
        }

        @Test(
            "a second change of a cluster that is being changed is refused, and says by whom",
            .timeLimit(.minutes(6))
        )
        func secondUp() async throws {
            try await TestCluster.with("second") { cluster in
                try cluster.writeTopology(members: 1, workers: 1)
                async let first = Program.slipway(["up", cluster.file, "--yes"])
                try await eventually("the first holds the cluster's lock") {
                    try await Program.shell("[ -s /run/slipway/locks/\(cluster.name).lock ]").exitCode == 0
                }
                for command in [["up", cluster.file, "--yes"], ["down", cluster.name, "--yes"]] {
                    let refused = try await Program.slipway(command).expecting(1)
                    let holder =
                        refused.error.contains("slipway up \(cluster.file)") && refused.error.contains("process")
                    #expect(holder, "it does not say who holds it: \(refused)")
                    #expect(refused.took < .seconds(10), "\(refused)")
                }
                try await first.expecting(0)
                try await cluster.requireHealthy()
            }
        }

        /// Each `host` has a directory for locks of its own, and the libvirt of the sandbox.
        @Test("operators on two hosts who drive one libvirt exclude each other", .timeLimit(.minutes(6)))
        func twoHosts() async throws {
            try await TestCluster.with("hosts") { cluster in
                func elsewhere(_ words: String) async throws -> Ran {
                    let mount = "mount -t tmpfs none /run/slipway"
                    let script = "\(mount) && exec \(Program.directory)/slipway \(words)"
                    return try await Program.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script])
                }
                let lease = "virsh -q -c lxc:///system net-list --all --name | grep -x slipway-lease.\(cluster.name)"
                try cluster.writeTopology(members: 1, workers: 1)
                async let first = Program.slipway(["up", cluster.file, "--yes"])
                try await eventually("the first has the lease") { try await Program.shell(lease).exitCode == 0 }
                let refused = try await elsewhere("down \(cluster.name) --yes").expecting(1)
                #expect(refused.text.contains("is being changed by root@"), "\(refused)")
                #expect(refused.text.contains("slipway up \(cluster.file)"), "\(refused)")
                try await first.expecting(0)
                try await Program.shell(lease).expecting(1)
                try await cluster.requireHealthy()

                let killed = try await Program.killed(["down", cluster.name, "--yes"], after: .milliseconds(500))
                #expect(killed != nil)
                try await Program.shell(lease).expecting(0)
                try await elsewhere("down \(cluster.name) --yes").expecting(1)
                // Who has the lock of the holder's host need not wait. What the nodes' units take is not asked here.
                let again = try await Program.slipway(["down", cluster.name, "--yes", "--timeout", "0"]).expecting(0)
                #expect(again.took < .seconds(15) && !again.text.contains("taking over"), "\(again)")

                try await cluster.up()
                #expect(try await Program.killed(["down", cluster.name, "--yes"], after: .milliseconds(500)) != nil)
                var last: Ran?
                try await eventually(within: .seconds(120), "the other host takes over") {
                    let ran = try await elsewhere("down \(cluster.name) --yes --timeout 0")
                    last = ran
                    return ran.exitCode == 0
                }
                #expect(
                    last?.text.contains("taking over cluster '\(cluster.name)' from root@") == true,
                    "\(String(describing: last))"
                )
                try await Program.shell(lease).expecting(1)
            }
        }

        @Test("two clusters come up and go down side by side", .timeLimit(.minutes(6)))
        func sideBySide() async throws {
            try await TestCluster.with("left") { left in
                try left.writeTopology(members: 1, workers: 1, units: ["one.service": Units.sleeper()])
                let right = try await TestCluster.make("right")
                try right.writeTopology(members: 1, workers: 1, units: ["one.service": Units.sleeper()])
                do {
                    async let first: Ran = left.up()
                    async let second: Ran = right.up()
                    _ = try await (first, second)
                    try await left.requireHealthy()
                    try await right.requireHealthy()
                    let list = try await Program.slipway(["list"]).expecting(0).output
                    #expect(list.contains("left") && list.contains("right"), "\(list)")
                    let all = try await Program.slipway(["down", "--all", "--yes", "--timeout", "0"]).expecting(0)
                    #expect(all.text.contains("Plan for cluster left") && all.text.contains("Plan for cluster right"))
                    let none = try await Program.slipway(["down", "--all"]).expecting(0)
                    #expect(none.text == "There are no clusters here.\n", "\(none)")
                } catch {
                    try await right.removeAll()
                    throw error
                }
                try await right.removeAll()
            }
        }
    }
}

/// Kills commands, and checks what the same command makes of it afterwards.
struct KillRun {
    var random: SeededGenerator
    let cluster: TestCluster
    var kills = 0
    var log: [String] = []
    private var workers = 2
    private var durations: [String: Duration] = [:]

    init(random: SeededGenerator, cluster: TestCluster) {
        self.random = random
        self.cluster = cluster
    }

    /// Finds how long each command takes when it is left alone.
    mutating func measure() async throws {
        durations["up"] = try await cluster.up().took
        durations["scale"] = try await cluster.scale("worker=3").took
        durations["down"] = try await cluster.down().took
        log.append("undisturbed: " + durations.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))
    }

    mutating func cycle() async throws {
        try await killed("up", ["up", cluster.file, "--yes"])
        try await cluster.up()
        try await cluster.requireHealthy()

        workers = workers == 2 ? 3 : workers == 3 ? 1 : 2
        let scale = ["scale", cluster.file, "worker=\(workers)", "--write", "--yes"]
        try await killed("scale", scale)
        try await Program.slipway(scale).expecting(0)
        try await cluster.requireHealthy()
        let nodes = try await cluster.status().nodes.count
        guard nodes == 3 + workers else { throw Unexpected("\(nodes) nodes instead of \(3 + workers)") }
        if kills == 2 || kills > 15 && kills < 19 { try await cluster.smoke() }

        try await killed("down", ["down", cluster.name, "--yes"])
        try await cluster.down()
    }

    private mutating func killed(_ command: String, _ arguments: [String]) async throws {
        let whole = durations[command] ?? .seconds(1)
        let moment = whole * Double.random(in: 0.02...0.98, using: &random)
        let ran = try await Program.killed(arguments, after: moment)
        let last = ran?.output.split(separator: "\n").last.map { String($0) } ?? ""
        log.append("\(command) \(ran == nil ? "was done before" : "killed after") \(moment): \(last)")
        if ran != nil { kills += 1 }
    }
}
