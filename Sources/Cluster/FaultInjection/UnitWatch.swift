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
        /// The longest TTL of any machine.
        var ttl = Duration.seconds(30)
    }

    /// Reads which units are active where. All nodes have to answer.
    func start() async throws -> Start {
        let found = try await onEach { node in try await faults.run(Self.inventory, on: node, nil) }
        var start = Start()
        var global: Set<String> = []
        var ttls: [Double] = []
        for (node, text) in found {
            for line in text.split(whereSeparator: \.isNewline) {
                let words = line.split(separator: " ").map(String.init)
                switch words.first {
                case "ttl": if words.count == 2, let ttl = GoDuration.seconds(words[1]) { ttls.append(ttl) }
                case "unit" where words.count == 4:
                    start.single.insert(words[1])
                    if words[3] != "0" { global.insert(words[1]) }
                    if words[2] == "active" { start.events.append(UnitEvent(words[1], on: node, .started, at: .zero)) }
                default: break
                }
            }
        }
        start.single.subtract(global)
        start.ttl = ttls.max().map { .seconds($0) } ?? start.ttl
        return start
    }

    private static let inventory = FaultScripts.asRoot(
        """
        echo ttl $(systemctl show -p Environment --value fleet.service | tr ' ' '\\n' | sed -n 's/^FLEET_AGENT_TTL=//p' | tail -n 1)
        for f in /run/fleet/units/*; do
            [ -e "$f" ] || continue
            u=${f##*/}
            echo unit "$u" "$(systemctl is-active "$u")" "$(grep -ciE '^ *Global *= *(true|yes|on|1)' "$f")"
        done
        exit 0
        """
    )

    // MARK: Afterwards

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
        let journal = """
            date +%s.%N
            journalctl -q --no-pager -o json --output-fields=UNIT,MESSAGE_ID --since=@\(Int(epoch)) \(messages) \(names)
            """
        let before = Date().timeIntervalSince1970
        let text = try await faults.run(FaultScripts.asRoot(journal), on: node, nil)
        let after = Date().timeIntervalSince1970
        let lines = text.split(whereSeparator: \.isNewline)
        let clock = lines.first.flatMap { Double($0) } ?? after
        // A virtual machine has a clock of its own; a difference within the time that the answer took is none.
        let offset = clock < before ? clock - before : clock > after ? clock - after : 0
        return try Self.parse(lines.dropFirst(), node: node.name, epoch: epoch + offset)
    }

    /// systemd's messages about units, by their IDs.
    enum Message: String, CaseIterable {
        case started = "39f53479d3a045ac8e11786248231fbf"
        case stopped = "9d1aaa27d60140bd96365438aad20286"
        case exited = "98e322203f7a4ed290d09fe03c09fe15"
        case succeeded = "7ad2d189f7e94e70a38c781354912448"
        case failed = "d9b373ed55a64feb8242e02dbe79a49c"
    }

    /// Fields of a line of a journal.
    private struct Line: Decodable {
        enum CodingKeys: String, CodingKey {
            case unit = "UNIT"
            case message = "MESSAGE_ID"
            case time = "__REALTIME_TIMESTAMP"
            case boot = "_BOOT_ID"
        }

        var unit: String?
        var message: String?
        var time: String
        var boot: String
    }

    /// Events of a journal in JSON. A new boot ends what ran before it.
    static func parse(_ lines: some Sequence<Substring>, node: String, epoch: Double) throws -> [UnitEvent] {
        var events: [UnitEvent] = []
        var boot: String?
        for text in lines {
            let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
            guard let unit = line.unit, let message = line.message.flatMap(Message.init), let time = Double(line.time)
            else { continue }
            let since = max(Duration.zero, .seconds(time / 1_000_000 - epoch))
            if let boot, boot != line.boot {
                for other in Set(events.map(\.unit)) { events.append(UnitEvent(other, on: node, .lost, at: since)) }
            }
            boot = line.boot
            let kind: UnitEvent.Kind =
                switch message {
                case .started: .started
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
