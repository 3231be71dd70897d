import Basics
import Chaos
import FoundationEssentials
import Planning
import Provisioning
import TopologyModel
import UnitFiles

/// Units that a run places in a cluster to see what becomes of them, and what the nodes' journals say of these and of the
/// cluster's own.
struct UnitWatch: Sendable {
    private let run: String
    private let faults: NodeFaults
    private let nodes: [ObservedNode]
    /// Seconds since 1970 at which the run began.
    private let epoch: Double
    private let journals = NodeJournals()

    init(run: String, faults: NodeFaults, nodes: [ObservedNode], epoch: Double) {
        (self.run, self.faults, self.epoch) = (run, faults, epoch)
        self.nodes = nodes.filter(\.runsFleet)
    }

    /// Prefix of the names of all runs' units.
    static let prefix = "slipway-chaos-"
    private static let most = 12

    /// Units that run until they are stopped, and may run anywhere: one more than there are machines.
    func probes() throws -> [UnitPlan] {
        let file = try UnitFile(
            parsing: """
                [Unit]
                Description=Slipway chaos: a unit to watch

                [Service]
                ExecStart=/bin/sleep infinity

                """
        )
        return (1...min(nodes.count + 1, Self.most)).map { number in
            UnitPlan(
                name: "\(Self.prefix)\(run)-\(number).service",
                text: file.canonicalText,
                hash: "\(file.hash)",
                desiredState: .launched,
            )
        }
    }

    // MARK: Before

    /// What is on the nodes before the first fault.
    struct Start: Sendable {
        var events: [UnitEvent] = []
        /// Units of fleet that may run once.
        var single: Set<String> = []
        /// Of these, services that run until they are stopped, and that every machine may run at any time.
        var movable: Set<String> = []
        /// The longest TTL of any machine.
        var ttl = Duration.seconds(30)
    }

    /// Reads which units are active where. All nodes have to answer.
    func start() async throws -> Start {
        let found = try await onEach { node in try await faults.run(Self.inventory, on: node, nil) }
        var start = Start()
        var files: [String: UnitFile] = [:]
        var active: [String: Int] = [:]
        var ttls: [Double] = []
        for (node, text) in found {
            for line in text.split(whereSeparator: \.isNewline) {
                let words = line.split(separator: " ").map(String.init)
                switch words.first {
                case "ttl": if words.count == 2, let ttl = GoDuration.seconds(words[1]) { ttls.append(ttl) }
                case "unit" where words.count == 4:
                    guard let bytes = Data(base64Encoded: words[3]) else { continue }
                    let text = String(decoding: bytes, as: UTF8.self)
                    files[words[1]] = UnitFile.parse(text, origin: TextOrigin(file: words[1])).unit
                    guard words[2] == "active" else { continue }
                    active[words[1], default: 0] += 1
                    start.events.append(UnitEvent(words[1], on: node, .started, at: .zero))
                default: break
                }
            }
        }
        let movable = MovableUnits(files)
        start.single = movable.single
        start.movable = movable.names.filter { active[$0] == 1 && !$0.hasPrefix(Self.prefix) }
        start.ttl = ttls.max().map { .seconds($0) } ?? start.ttl
        return start
    }

    private static let inventory = FaultScripts.asRoot(
        """
        echo ttl $(systemctl show -p Environment --value fleet.service | tr ' ' '\\n' | sed -n 's/^FLEET_AGENT_TTL=//p' | tail -n 1)
        for f in /run/fleet/units/*; do
            [ -e "$f" ] || continue
            u=${f##*/}
            echo unit "$u" "$(systemctl is-active "$u")" "$(base64 -w 0 "$f")"
        done
        exit 0
        """
    )

    // MARK: Afterwards

    /// Reads the journals of nodes that are about to lose their power. One that does not answer is passed over.
    func read(_ names: [String], of units: Set<String>) async {
        await withTaskGroup(of: Void.self) { group in
            for node in nodes where names.contains(node.name) {
                // Its journal is read again afterwards, as far as it can be.
                group.addTask { do { _ = try await events(of: units, on: node) } catch {} }
            }
        }
    }

    /// What the nodes' journals say of the units since the beginning of the run. All nodes have to answer.
    func events(of units: Set<String>) async throws -> [UnitEvent] {
        try await onEach { node in try await events(of: units, on: node) }.flatMap(\.answer)
    }

    /// What the journals say of the nodes that answer.
    ///
    /// - Returns: also the names of those that did not.
    func reachableEvents(of units: Set<String>) async -> (events: [UnitEvent], silent: Set<String>) {
        await withTaskGroup(of: (node: String, events: [UnitEvent]?).self) { group in
            for node in nodes {
                group.addTask {
                    // One that is off or frozen says nothing, and is asked again.
                    do { return (node.name, try await events(of: units, on: node)) } catch { return (node.name, nil) }
                }
            }
            return await group.reduce(into: ([], [])) { result, answer in
                if let events = answer.events { result.events += events } else { result.silent.insert(answer.node) }
            }
        }
    }

    private func events(of units: Set<String>, on node: ObservedNode) async throws -> [UnitEvent] {
        let names = units.naturallySorted().map { ShellWord.quoted("UNIT=\($0)") }.joined(separator: " ")
        let messages = Message.allCases.map { "MESSAGE_ID=\($0.rawValue)" }.joined(separator: " ")
        let jumps = "SYSLOG_IDENTIFIER=\(FaultScripts.journalName)"
        let journal = """
            echo "$(date +%s.%N) $(cut -d' ' -f1 /proc/uptime) $(tr -d - </proc/sys/kernel/random/boot_id)"
            journalctl -q --no-pager -o json --output-fields=UNIT,MESSAGE_ID,SYSLOG_IDENTIFIER --since=@\(Int(epoch)) \
            \(messages) \(names) + \(jumps)
            """
        let before = Date().timeIntervalSince1970
        let text = try await faults.run(FaultScripts.asRoot(journal), on: node, nil)
        let after = Date().timeIntervalSince1970
        let answer = text.split(whereSeparator: \.isNewline)
        let lines = journals.add(try answer.dropFirst().map(JournalLine.init), of: node.name)
        return Self.events(
            lines,
            clock: answer.first ?? "",
            node: node.name,
            epoch: epoch,
            asked: before...max(before, after)
        )
    }

    /// systemd's messages about units, by their IDs.
    enum Message: String, CaseIterable {
        case started = "39f53479d3a045ac8e11786248231fbf"
        case stopping = "de5b426a63be47a7b6ac3eaac82e2f6f"
        case stopped = "9d1aaa27d60140bd96365438aad20286"
        case exited = "98e322203f7a4ed290d09fe03c09fe15"
        case succeeded = "7ad2d189f7e94e70a38c781354912448"
        case failed = "d9b373ed55a64feb8242e02dbe79a49c"
    }

    /// The clocks of a node before they jumped: by boot, the time of its start in seconds since 1970.
    private struct Starts {
        private var times: [String: Double] = [:]

        /// Each jump has a line before it, by the clock as it should be.
        init(_ lines: [JournalLine]) {
            for line in lines where line.name == FaultScripts.journalName {
                guard times[line.boot] == nil, let clocks = line.clocks, let uptime = clocks.uptime else { continue }
                times[line.boot] = clocks.wall - uptime
            }
        }

        /// The time that a clock would have shown that had never jumped. What is within a second is no jump.
        func unjumped(_ wall: Double, uptime: Double?, boot: String) -> Double {
            guard let uptime, let start = times[boot], abs(wall - start - uptime) > 1 else { return wall }
            return start + uptime
        }
    }

    /// Events of a journal. A new boot ends what ran before it.
    ///
    /// - Parameters:
    ///   - lines: the journal's lines.
    ///   - clock: the node's clock, its time since its start and its boot's ID.
    ///   - epoch: seconds since 1970, by this host's clock, at which the run began.
    ///   - asked: the time of this host in which the node answered.
    static func events(
        _ lines: [JournalLine],
        clock answered: Substring,
        node: String,
        epoch: Double,
        asked: ClosedRange<Double>,
    ) -> [UnitEvent] {
        let starts = Starts(lines)
        let words = answered.split(separator: " ")
        var clock = words.first.flatMap { Double($0) } ?? asked.upperBound
        if words.count == 3 { clock = starts.unjumped(clock, uptime: Double(words[1]), boot: String(words[2])) }
        // A virtual machine has a clock of its own; a difference within the time that the answer took is none.
        let offset = clock - min(max(clock, asked.lowerBound), asked.upperBound)
        var events: [UnitEvent] = []
        var boot: String?
        for line in lines {
            guard let unit = line.unit, let message = line.message.flatMap(Message.init), let clocks = line.clocks
            else { continue }
            let time = starts.unjumped(clocks.wall, uptime: clocks.uptime, boot: line.boot)
            let since = max(Duration.zero, .seconds(time - epoch - offset))
            if let boot, boot != line.boot {
                for other in Set(events.map(\.unit)) { events.append(UnitEvent(other, on: node, .lost, at: since)) }
            }
            boot = line.boot
            let kind: UnitEvent.Kind =
                switch message {
                case .started: .started
                case .stopping: .stopping
                case .stopped: .stopped
                case .exited, .succeeded, .failed: .ended
                }
            events.append(UnitEvent(unit, on: node, kind, at: since))
        }
        return events
    }

    private func onEach<Answer: Sendable>(
        _ ask: @escaping @Sendable (ObservedNode) async throws -> Answer
    ) async throws -> [(node: String, answer: Answer)] {
        try await withThrowingTaskGroup(of: (String, Answer).self) { group in
            for node in nodes { group.addTask { (node.name, try await ask(node)) } }
            var found: [(node: String, answer: Answer)] = []
            for try await (name, answer) in group { found.append((name, answer)) }
            return found.sorted { $0.node < $1.node }
        }
    }
}
