/// `slipway status --json`, as programs read it.
struct ClusterReport: Decodable, Sendable {
    struct Node: Decodable, Sendable {
        var name: String
        var role: String?
        var state: String
        var etcd: String?
        var fleet: Bool?
        var machine_id: String?
        var address: String?
    }

    struct Unit: Decodable, Sendable {
        var name: String
        var desired: String?
        var states: [String: String]?
    }

    var cluster: String
    var quorum: Bool?
    var nodes: [Node]
    var units: [Unit]

    func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

    /// The nodes on which a unit is active.
    func active(_ unit: String) -> [String] {
        let states = units.first { $0.name == unit }?.states ?? [:]
        return states.filter { $0.value == "active" }.keys.sorted()
    }

    /// What etcd's members lack: health, or enough of them.
    var memberProblems: [String] {
        let unhealthy = nodes.filter { $0.etcd != "healthy" && $0.etcd != "proxy" }
        return (quorum == true ? [] : ["no quorum"]) + unhealthy.map { "\($0.name): etcd \($0.etcd ?? "-")" }
    }

    /// Everything that is not as it is in a cluster that works.
    var problems: [String] {
        var problems = memberProblems
        for node in nodes {
            if node.state != "ready" { problems.append("\(node.name) is \(node.state)") }
            if node.fleet != true { problems.append("\(node.name) is no fleet machine") }
        }
        for unit in units where active(unit.name).isEmpty || active(unit.name).count != unit.states?.count {
            problems.append("\(unit.name): \(unit.states ?? [:])")
        }
        return problems
    }
}

/// `slipway plan --json`.
struct PlanReport: Decodable, Sendable {
    struct Step: Decodable, Sendable {
        var id: String

        /// Changes nothing, and waits for etcd's members and what depends on them.
        var awaitsMembers: Bool { id.hasPrefix("etcd/healthy/") || id == "etcd/quorum" || id.hasSuffix("/ready") }
    }

    var steps: [Step]
}

/// `slipway smoke --json`.
struct SmokeReport: Decodable, Sendable {
    struct Check: Decodable, Sendable {
        var name: String
        var outcome: String
        var message: String?
        var evidence: [String]?
    }

    var cluster: String
    var passed: Bool
    var checks: [Check]
}

/// Unit files that tests run.
enum Units {
    static func sleeper(_ fleet: String = "") -> String {
        """
        [Unit]
        Description=Sleeps
        [Service]
        ExecStart=/bin/sleep infinity
        \(fleet.isEmpty ? "" : "[X-Fleet]\n\(fleet)")

        """
    }
}
