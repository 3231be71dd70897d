import Etcd
import Foundation

/// Three container nodes with one etcd. Their processes are seen from the host, and so are their files.
struct FleetCluster {
    static let name = "bench-fleet"
    static let nodes = ["central-1", "worker-1", "worker-2"]
    private static let prefix = "/_coreos.com/fleet"

    let address: String
    let etcd: EtcdHTTPClient

    static let topology = """
        name: \(name)
        network: {cidr: 10.71.121.0/24}
        fleet: {machine_ttl: 5s}
        roles:
          central: {count: 1, etcd: member}
          worker: {count: 2, etcd: proxy}

        """

    init(address: String) {
        self.address = address
        etcd = EtcdHTTPClient(endpoints: ["http://\(address):2379"])
    }

    // MARK: Processes

    /// Process IDs of every fleetd.
    func daemons() async throws -> [Int] {
        try await Host.run(["pgrep", "-x", "fleetd"]).split(separator: "\n").compactMap { Int($0) }
    }

    func daemon(of node: String) async throws -> Int {
        for process in try await daemons() where try Self.file("etc/hostname", of: process) == node {
            return process
        }
        throw BenchError("no fleetd runs on \(node)")
    }

    func machine(of node: String) async throws -> String {
        try Self.file("etc/machine-id", of: await daemon(of: node))
    }

    private static func file(_ path: String, of process: Int) throws -> String {
        let text = try String(contentsOfFile: "/proc/\(process)/root/\(path)", encoding: .utf8)
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func socket() async throws -> String {
        "/proc/\(try await daemon(of: "central-1"))/root/run/fleet.sock"
    }

    /// Processor time of all fleetd together, in milliseconds.
    func processorTime() async throws -> Double {
        let ticks = try await daemons().reduce(0) { sum, process in
            let fields = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8).split(
                separator: " "
            )
            guard fields.count > 14, let user = Int(fields[13]), let system = Int(fields[14]) else {
                return sum
            }
            return sum + user + system
        }
        return Double(ticks * 1000 / sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Memory of each fleetd, in KiB.
    func memory() async throws -> [Double] {
        try await daemons().compactMap { process in
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
        }
    }

    // MARK: etcd

    /// Requests that etcd counted; reading its metrics is none.
    func requests() async throws -> Double {
        let metrics = try await Host.run(["curl", "-sS", "-m", "5", "http://\(address):2379/metrics"])
        return metrics.split(separator: "\n").filter { $0.hasPrefix("grpc_server_msg_received_total") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    private func values(_ range: KeyRange) async throws -> [String: String] {
        let pairs = try await etcd.range(RangeRequest(range)).keyValues
        return Dictionary(pairs.map { ($0.key, String(decoding: $0.value, as: UTF8.self)) }) {
            first,
            _ in first
        }
    }

    func waitForMachines(_ count: Int) async throws {
        try await Host.wait(for: "\(count) machines", within: .seconds(30)) {
            try await values(.prefix("\(Self.prefix)/machine/")).count == count
        }
    }

    /// Machine ID of the engine that leads.
    func leader() async throws -> String? {
        try await values(.key("\(Self.prefix)/engine")).values.first
    }

    func scheduledUnits(on machine: String) async throws -> Int {
        try await values(.prefix("\(Self.prefix)/schedule/")).values.count { $0 == machine }
    }

    /// Keys that are left when there is no unit, those of machines and the engine's left out.
    func garbage() async throws -> Int {
        try await values(.prefix("\(Self.prefix)/")).keys.count {
            !$0.contains("/machine/") && !$0.hasSuffix("/engine")
        }
    }

    /// Awaited state of some units.
    enum Wanted { case active, gone }

    /// Does `change`, and returns how long it took until so many units were active on other machines than one, or gone.
    func time(
        _ count: Int,
        _ wanted: Wanted,
        notOn machine: String? = nil,
        within limit: Duration,
        _ change: @escaping @Sendable () async throws -> Void,
    ) async throws -> Duration {
        let range = KeyRange.prefix("\(Self.prefix)/state/")
        // From the next revision on: nothing is missed, however late etcd takes the watch.
        let revision = try await etcd.range(RangeRequest(range, keysOnly: true)).revision
        let events = etcd.watch(range, from: revision + 1)
        let begin = ContinuousClock.now
        return try await withThrowingTaskGroup(of: ContinuousClock.Instant?.self) { group in
            group.addTask {
                try await change()
                return nil
            }
            group.addTask {
                try await Task.sleep(for: limit)
                throw BenchError("\(count) units were not \(wanted) in \(limit)")
            }
            group.addTask {
                var seen: Set<String> = []
                for try await batch in events {
                    for event in batch.events where machine.map({ !event.key.contains($0) }) ?? true {
                        let holds = Self.holds(wanted, event)
                        if holds { seen.insert(event.key) } else { seen.remove(event.key) }
                    }
                    if seen.count >= count { return .now }
                }
                throw BenchError("etcd's watch ended")
            }
            while let end = try await group.next() {
                guard let end else { continue }
                group.cancelAll()
                return end - begin
            }
            throw BenchError("nothing was waited for")
        }
    }

    private static func holds(_ wanted: Wanted, _ event: KeyEvent) -> Bool {
        switch (wanted, event) {
        case (.gone, .delete): true
        case (.active, .put(let pair)):
            String(decoding: pair.value, as: UTF8.self).contains(#""activeState":"active""#)
        default: false
        }
    }
}
