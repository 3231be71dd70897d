import ArgumentParser
import Basics
import Foundation

/// Random changes of a cluster, each cut short, and whether the next `up` makes good what was left.
struct TortureBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture",
        abstract: "Cut commands short at random, and see whether the next ones complete and nothing is lost.",
        discussion: """
            Scales, moves of roles, rolls and downs of a random topology, each interrupted at a random moment: by \
            SIGKILL or SIGHUP, a restart of libvirtd, or a node's power cut. After each, `up` must complete. All the \
            while a register in etcd is written and read; a unit on every node counts its starts; a file on every node \
            tells whether its storage was destroyed, which the plans must have said.
            """,
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "How many interruptions.")
    var interruptions = Runs(300)

    @Option(help: "The seed of all that is random; the same seed makes the same choices.")
    var seed: UInt64 = 1

    func run() async throws {
        let scratch = try Scratch()
        let slipway = SlipwayProgram(path: options.slipway)
        try await slipway("image", "build")
        let register = TortureRegister()
        let writing = Task { try await register.run() }
        var torture = Torture(slipway: slipway, scratch: scratch, register: register, seed: seed)
        let report = BenchReport(runs: interruptions.count)
        let result: Result<Void, any Error>
        do {
            var rounds = 0
            while torture.interruptions < interruptions.count {
                report.figures.add("converged", try await torture.round())
                rounds += 1
                // Hours of work are not lost with the last line.
                if rounds.isMultiple(of: 10) { Host.note("after \(rounds) commands: \(torture.summary)") }
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        writing.cancel()
        await slipway.clear([Torture.name])
        try scratch.remove()
        Host.note(torture.summary)
        try result.get()
        try options.show(report, title: "torture", rows: [Row(title: "until all is well again", figure: "converged")])
        let faults = torture.faults + register.faults
        guard faults.isEmpty else { throw BenchError(faults.joined(separator: "\n")) }
    }
}

/// One cluster's hard life.
struct Torture {
    static let name = "torture"

    let slipway: SlipwayProgram
    let scratch: Scratch
    let register: TortureRegister
    private let seed: UInt64
    private var random: SeededGenerator
    private var roles = ["central": 1, "extra": 0, "worker": 1]
    private var extraIsMember = false
    private var isUp = false
    private(set) var faults: [String] = [] {
        didSet { if let last = faults.last { Host.note("FAULT: \(last)") } }
    }
    private var interrupted: [String: Int] = [:]
    private var retries = 0

    init(slipway: SlipwayProgram, scratch: Scratch, register: TortureRegister, seed: UInt64) {
        (self.slipway, self.scratch, self.register) = (slipway, scratch, register)
        self.seed = seed
        random = SeededGenerator(seed: seed)
    }

    /// Commands that were under way when they were struck.
    var interruptions: Int { interrupted.values.reduce(0, +) }

    /// Summary, in a line.
    var summary: String {
        let counts = register.counts
        let how = interrupted.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
        return "\(how); \(retries) times more than one further `up`; register: \(counts.writes) writes, "
            + "\(counts.reads) reads, \(counts.failures) unanswered; \((faults + register.faults).count) faults"
    }

    /// In a sandbox, where nothing starts it again by itself.
    private static let restartLibvirtd = """
        pkill -x libvirtd && while pgrep -x libvirtd >/dev/null; do sleep 0.1; done
        setsid libvirtd >/dev/null 2>&1 </dev/null &
        until virsh -q -c lxc:///system uri >/dev/null 2>&1; do sleep 0.1; done
        """

    private enum Blow: String, CaseIterable { case kill = "SIGKILL", hangUp = "SIGHUP", libvirtd, power = "power cut" }

    /// One command that is cut short, and what makes good for it. Returns how long the latter took.
    mutating func round() async throws -> Duration {
        let words = try choose()
        let before = isUp ? try await names() : []
        // A power cut may cost a majority that a change of members needs; that is an operator's, not Slipway's.
        let blows = before.count > 2 && roles["central"] == 3 ? Blow.allCases : [.kill, .hangUp, .libvirtd]
        let blow = blows.randomElement(using: &random) ?? .kill
        let victim = blow == .power ? before.randomElement(using: &random) : nil
        let told = try await interrupt(words, blow, victim)
        if told.last == "struck" { interrupted[blow.rawValue, default: 0] += 1 }
        if words[0] == "down" {
            try await slipway("down", Self.name, "--yes")
            register.use([])
            isUp = false
            return .zero
        }
        let begin = ContinuousClock.now
        let more = try await converge()
        let took = ContinuousClock.now - begin
        try await inspect(before: before, told: told + more)
        let counts = roles.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        Host.note("\(words[0]) to \(counts), \(victim ?? "") \(blow.rawValue): \(took)")
        return took
    }

    // MARK: What is asked for

    private mutating func choose() throws -> [String] {
        let file = try write()
        guard isUp else { return ["up", file, "--yes", "--json"] }
        let before = (roles, extraIsMember)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return ["down", Self.name, "--yes"]
        case 1: return ["roll", file, "--yes", "--json"]
        // What changes nothing is through before it can be struck.
        default: while (roles, extraIsMember) == before { change() }
        }
        return ["up", try write(), "--yes", "--json"]
    }

    private mutating func change() {
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            extraIsMember.toggle()
            roles["extra"] = 1
        case 1, 2, 3: roles["central"] = [1, 2, 3].randomElement(using: &random)
        case 4: roles["extra"] = .random(in: 0...1, using: &random)
        default: roles["worker"] = .random(in: 1...3, using: &random)
        }
    }

    private func write() throws -> String {
        _ = try scratch.write(
            """
            [Service]
            ExecStart=/bin/sh -c 'echo started >>/run/torture; exec sleep infinity'

            [X-Fleet]
            Global=true

            """,
            to: "counted.service"
        )
        let extra =
            (roles["extra"] ?? 0) == 0 ? "" : "  extra: {count: 1, etcd: \(extraIsMember ? "member" : "proxy")}\n"
        return try scratch.write(
            """
            name: \(Self.name)
            network: {cidr: 10.71.122.0/24}
            fleet: {machine_ttl: 5s}
            cloud_config: {coreos: {update: {reboot_strategy: etcd-lock}}}
            roles:
              central: {count: \(roles["central"] ?? 1), etcd: member}
              worker: {count: \(roles["worker"] ?? 1), etcd: proxy}
            \(extra)units:
              - file: counted.service

            """,
            to: "torture.yaml"
        )
    }

    // MARK: Interruption

    /// Runs the command and strikes at a random moment; what it printed until then.
    private mutating func interrupt(_ words: [String], _ blow: Blow, _ victim: String?) async throws -> [String] {
        // Commands take from half a second to ten, the first steps of most less than one.
        let moment = 0.05 * pow(100, Double.random(in: 0...1, using: &random))
        let strike =
            switch blow {
            case .kill: "kill -KILL $pid"
            case .hangUp: "kill -HUP $pid"
            case .libvirtd: Self.restartLibvirtd
            case .power: "virsh -q -c lxc:///system destroy \(Self.name).\(victim ?? "") >/dev/null"
            }
        let script = """
            log=$1 moment=$2; shift 2
            "$@" >"$log" 2>"$log.error" & pid=$!
            sleep "$moment"
            kill -0 $pid 2>/dev/null && struck=struck
            { \(strike)
            } 2>/dev/null || true
            # Whoever cut a node's power does not wait for its units for minutes.
            timeout 20 tail --pid $pid -f /dev/null || kill -TERM $pid
            wait $pid || true
            cat "$log"
            echo ${struck:-}
            """
        let log = "\(scratch.path)/said"
        let said = try await Host.run(["bash", "-c", script, "bash", log, "\(moment)", slipway.path] + words)
        return said.split(separator: "\n").map(String.init)
    }

    // MARK: Judgement

    /// Runs `up` until it says that all is as the file says; returns what it printed.
    private mutating func converge() async throws -> [String] {
        var said: [String] = []
        var why = ""
        for attempt in 1...3 {
            let file = try write()
            let script = #""$@" 2>"$0.error"; echo "exit $?""#
            let words = ["bash", "-c", script, "\(scratch.path)/said", slipway.path, "up", file, "--yes", "--json"]
            let lines = try await Host.run(words).split(separator: "\n").map(String.init)
            said += lines
            if lines.last == "exit 0" {
                isUp = true
                if attempt > 1 { retries += 1 }
                return said
            }
            why = try String(contentsOfFile: "\(scratch.path)/said.error", encoding: .utf8)
            Host.note("`up` failed, try \(attempt):\n\(why)")
        }
        throw BenchError("seed \(seed): three further `up` did not make it well:\n\(why)")
    }

    private struct Status: Decodable {
        struct Node: Decodable {
            var name: String
            var address: String?
            var etcd: String?
        }
        var nodes: [Node]
    }

    private func status() async throws -> [Status.Node] {
        let status: Status = try await Host.json([slipway.path, "status", Self.name, "--json"], expecting: [0, 1])
        return status.nodes
    }

    private func names() async throws -> [String] { try await status().map(\.name) }

    /// Compares what nodes and etcd hold now with what was confirmed.
    private mutating func inspect(before: [String], told: [String]) async throws {
        let nodes = try await status()
        let members = nodes.filter { $0.name.hasPrefix("central") || $0.name.hasPrefix("extra") && extraIsMember }
        let endpoints = members.compactMap(\.address).map { "http://\($0):2379" }
        if before.isEmpty { register.begin(endpoints) } else { register.use(endpoints) }
        for node in nodes {
            let script = #"""
                [ -e /var/lib/torture ] && echo kept || echo new
                sudo touch /var/lib/torture
                wc -l </run/torture
                """#
            let said = try await slipway("exec", Self.name, node.name, "--", script)
                .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            let isNew = said.first == "new"
            let mayBeNew = !before.contains(node.name) || mentions(told, "node/\(node.name)/remove")
            if isNew, !mayBeNew { faults.append("\(node.name) was destroyed, and no plan said so") }
            let starts = said.last.flatMap { Int($0) } ?? 0
            // A machine that was asked to leave fleet has stopped its units.
            let mayStartAgain = mentions(told, "node/\(node.name)/leave")
            if starts != 1, !mayStartAgain { faults.append("the unit on \(node.name) was started \(starts) times") }
        }
    }

    private func mentions(_ told: [String], _ step: String) -> Bool { told.contains { $0.contains("\"\(step)\"") } }
}
