import Basics
import FleetState
import Planning
import Provisioning
import Scheduling
import UnitFiles

/// Where the dashboard has clusters from.
package protocol DashboardSource: Sendable {
    /// Follows clusters until the task is cancelled, and calls `show` with what is seen first and after each change.
    func follow(_ show: @escaping @Sendable (HostLook) -> Void) async
    /// Lines of a node's journal, the last ones first and then each as it is written; ends with the node.
    func journal(of node: String, in cluster: String) async throws -> AsyncThrowingStream<String, any Error>
    /// What a node is busy with; nil where it does not answer.
    func load(of node: String, in cluster: String) async throws -> NodeLoad
    /// Steps that `slipway up` would take.
    func plan(of cluster: String) async throws -> PlanDocument
    /// What was done to a cluster, the newest first.
    func history(of cluster: String) async throws -> [HistoryEntry]
    /// Figures as `slipway metrics` prints them, of all clusters that exist.
    func metrics() async throws -> String
}

/// Failure of a request, in words for the person at the browser.
package struct DashboardError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

/// What a node is busy with.
package struct NodeLoad: Sendable, Hashable, Encodable {
    /// Processes that run or wait to, averaged over a minute.
    package var load: Double?
    /// Bytes of memory in all.
    package var memory: UInt64?
    /// Bytes of memory that programs can still have.
    package var freeMemory: UInt64?
    /// Seconds since the node's boot.
    package var uptime: Double?
    /// Connections to etcd's members by the member's address: of a proxy, which members it uses.
    package var members: [String: Int]

    /// - Parameter text: what ``script`` prints on the node.
    package init(_ text: String) {
        members = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count > 1 else { continue }
            switch words[0] {
            case "load": load = Double(words[1])
            case "uptime": uptime = Double(words[1])
            case "MemTotal:": memory = UInt64(words[1]).map { $0 << 10 }
            case "MemAvailable:": freeMemory = UInt64(words[1]).map { $0 << 10 }
            default: if let address = Self.member(words) { members[address, default: 0] += 1 }
            }
        }
    }

    /// Shell script that prints what ``init(_:)`` reads.
    package static let script = """
        echo "load $(cat /proc/loadavg)"; echo "uptime $(cat /proc/uptime)"
        grep -E '^Mem(Total|Available):' /proc/meminfo; cat /proc/net/tcp
        """

    /// Address of the member that a line of `/proc/net/tcp` is a connection to: established, and to etcd's port.
    /// https://docs.kernel.org/networking/proc_net_tcp.html
    private static func member(_ words: [String]) -> String? {
        guard words.count > 3, words[3] == "01" else { return nil }
        let parts = words[2].split(separator: ":")
        // The address is in the order of the processor's bytes, the port is not.
        guard parts.count == 2, UInt16(parts[1], radix: 16) == 2379, let number = UInt32(parts[0], radix: 16) else {
            return nil
        }
        let bytes = [0, 8, 16, 24].map { number >> UInt32($0) & 0xFF }
        return bytes[0] == 127 ? nil : bytes.map { "\($0)" }.joined(separator: ".")
    }
}

/// Plan of `slipway up` as the page gets it.
package struct PlanDocument: Sendable, Hashable, Encodable {
    /// Step of the plan.
    package struct Step: Sendable, Hashable, Encodable {
        /// What is done.
        package var title: String
        /// Why.
        package var reason: String
        /// `none`, `restarts` or `destroys`.
        package var cost: String

        package init(title: String, reason: String, cost: String) {
            (self.title, self.reason, self.cost) = (title, reason, cost)
        }
    }

    /// Path of the topology file; nil where none is known, and then there is no plan.
    package var file: String?
    /// Steps in their order.
    package var steps: [Step]
    /// Remarks on the plan; where there is no file, what to do.
    package var notes: [String]

    package init(file: String?, steps: [Step] = [], notes: [String] = []) {
        (self.file, self.steps, self.notes) = (file, steps, notes)
    }
}

/// A unit as the page gets it: text, fate, and what each machine says to it.
package struct UnitDocument: Sendable, Hashable, Encodable {
    /// The unit on one machine.
    package struct Place: Sendable, Hashable, Encodable {
        /// Name of the node.
        package var node: String
        /// systemd's states, such as `active/running`; nil where the unit is not.
        package var state: String?
        /// Reason why it is not as wanted there.
        package var reason: String?
        /// Why the machine does not take the unit; nil when it would.
        package var refusal: String?
        /// True where the unit is scheduled.
        package var isHere: Bool
        /// Number of units on the machine.
        package var units: Int
    }

    /// Name with suffix.
    package var name: String
    /// Text of the file.
    package var text: String
    /// State wanted of it.
    package var wanted: String
    /// Reason why it is not as wanted; nil when it is.
    package var reason: String?
    /// Machines in the order of their nodes.
    package var places: [Place]

    /// Nil where there is no such unit.
    ///
    /// - Parameter names: nodes by the ID of their machine.
    package init?(_ name: String, in fleet: FleetSnapshot, names: [String: String]) {
        guard let unit = fleet.units[name] else { return nil }
        self.name = name
        text = unit.file.canonicalText
        wanted = fleet.target(of: name).rawValue
        reason = fleet.reason(of: name)
        let cluster = fleet.clusterState
        let job = cluster.jobs.first { $0.name == name }
        places = cluster.machines.map { machine in
            let there = cluster.jobs(on: machine)
            let state = fleet.states[name]?[machine.id]?.state
            return Place(
                node: names[machine.id] ?? String(machine.id.prefix(8)),
                state: state.map { "\($0.activeState)/\($0.subState)" },
                reason: state?.reason,
                refusal: job.flatMap { cluster.refusal(of: $0, by: machine, there) }.map { "\($0)" },
                isHere: there.contains { $0.name == name },
                units: there.count,
            )
        }.naturallySorted(by: \.node)
    }
}
