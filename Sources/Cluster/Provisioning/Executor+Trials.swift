import Basics
import Planning
import SecureShell

/// systemd's state of one of the node's own units: etcd2.service, fleet.service.
struct UnitTrials: Sendable, Equatable {
    /// systemd's `ActiveState`.
    var state: String
    /// Starts after the first.
    var restarts: Int
    /// True when coreos-cloudinit, which starts it, has come to its end, and no job of the unit is queued.
    var isLeftAlone: Bool
    /// Failed result of coreos-cloudinit, as systemd's `Result`; nil where it succeeded, or nothing is known.
    var setupFault: String?

    /// Parses the output of ``question(about:)``; nil when it is something else.
    init?(_ properties: String) {
        var values: [Substring: Substring] = [:]
        for line in properties.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        guard let state = values["ActiveState"], let number = values["NRestarts"], let restarts = Int(number) else {
            return nil
        }
        self.state = String(state)
        self.restarts = restarts
        let hasJob = values["Job"].map { $0 != "0" && !$0.isEmpty } ?? false
        // Before its first start it is `dead`: what it has not configured yet must not be started.
        let isOver = values["SubState"] == "exited" || values["SubState"] == "failed"
        isLeftAlone = values["MainPID"] == "0" && isOver && !hasJob
        setupFault = values["Result"].flatMap { $0 == "success" ? nil : String($0) }
    }

    /// Commands that print how systemd fares with a unit, and whether coreos-cloudinit has come to its end.
    static func question(about unit: String) -> String {
        "systemctl show -p ActiveState -p NRestarts -p Job \(unit); "
            + "systemctl show -p MainPID -p SubState -p Result coreos-cloudinit.service"
    }

    /// systemd has given up.
    var hasFailed: Bool { state == "failed" }

    /// True when the unit does not run and nothing on the node will start it.
    var isDown: Bool { hasFailed || (state == "inactive" && isLeftAlone) }

    /// A unit may end now and then on its way up: it is hopeless when it ended again and again and still does.
    func endsAgainAndAgain(since before: UnitTrials?) -> Bool {
        restarts >= 5 && before.map { $0.restarts < restarts } ?? false
    }
}

extension Executor {
    /// Runs `wait`, and meanwhile starts units of the nodes' own where they are down: once on each node, with a note.
    ///
    /// - Parameters:
    ///   - units: looked at in turn, each with a login of its own; the pauses between them grow.
    ///   - givesUp: whether to end the wait early when a unit will not come up.
    /// - Throws: what `wait` throws, or what is to be said of the node whose unit will not come up.
    func whileTrying<Result: Sendable>(
        _ units: [NodeUnit],
        on nodes: [NodePlan],
        givesUp: Bool = true,
        warn: @escaping @Sendable (String) -> Void,
        _ wait: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        let pace = limits.slowed(for: nodes).look
        let watches = nodes.map { node in
            { @Sendable () async throws -> Result in
                var trials = units.map { UnitTrial(unit: $0, node: node, givesUp: givesUp) }
                var pause = pace
                while true {
                    for index in trials.indices {
                        try await Task.sleep(for: pause)
                        let verdict = await look(at: &trials[index], deadline: pace * 5, warn: warn)
                        guard let verdict else { continue }
                        let culprit = verdict.isSetUp ? trials[index].unit.rawValue : "coreos-cloudinit.service"
                        let what = "\(trials[index].unit.program) \(verdict.words)"
                        throw await nodeFailure(node, what: what, unit: culprit)
                    }
                    // A node that takes long has much to do, and a login is work for it.
                    pause = min(pause * 3 / 2, max(pace, Self.longestLook))
                }
            }
        }
        return try await race([wait] + watches)
    }

    private static let longestLook = Duration.seconds(10)

    /// Checks a unit once, and starts it where it is down.
    ///
    /// - Returns: how the unit fares once it is past hope, and whether coreos-cloudinit has done its work.
    private func look(
        at trial: inout UnitTrial,
        deadline: Duration,
        warn: @Sendable (String) -> Void,
    ) async -> (words: String, isSetUp: Bool)? {
        let (unit, node) = (trial.unit, trial.node)
        // How to start what others' images bring is not known.
        let mends = node.configMedium.bringsNodePrograms
        let question = UnitTrials.question(about: unit.rawValue)
        // A node that takes no login yet has nothing to say of its units either; the wait itself has a deadline.
        guard let answer = try? await shell.run(question, on: node.name, at: node.address, deadline: deadline),
            let trials = UnitTrials(answer.standardOutput)
        else { return nil }
        defer { trial.before = trials }
        // Without its configuration, etcd would begin a cluster of its own.
        if trials.isDown, mends, let fault = trials.setupFault {
            return trial.givesUp ? ("does not run, for its cloud-config is not applied (\(fault))", false) : nil
        }
        if trials.isDown, mends, !trial.wasStarted {
            let start = "sudo systemctl start --no-block \(unit.rawValue)"
            guard let started = try? await shell.run(start, on: node.name, at: node.address, deadline: deadline)
            else { return nil }
            trial.wasStarted = true
            if started.exitCode == 0 {
                warn("\(unit.rawValue) on \(node.name) was \(trials.state), and is started")
                return nil
            }
            let reason = started.standardError.trimmed
            if trial.givesUp { return ("is \(trials.state) and cannot be started: \(reason)", true) }
            warn("\(unit.rawValue) on \(node.name) cannot be started: \(reason)")
            return nil
        }
        guard trial.givesUp else { return nil }
        if trials.hasFailed { return ("has failed", true) }
        if trials.isDown, mends { return ("ended again after it was started", true) }
        if trials.endsAgainAndAgain(since: trial.before) {
            return ("ends each time it is started (\(trials.restarts + 1) times)", true)
        }
        return nil
    }
}

/// State of a unit on a node that is waited for.
private struct UnitTrial {
    let unit: NodeUnit
    let node: NodePlan
    let givesUp: Bool
    var before: UnitTrials?
    var wasStarted = false
}

/// A unit that makes a node part of its cluster.
enum NodeUnit: String, Sendable {
    case etcd = "etcd2.service"
    case fleet = "fleet.service"

    /// Program that it runs, for messages.
    var program: String {
        switch self {
        case .etcd: "etcd"
        case .fleet: "fleetd"
        }
    }
}
