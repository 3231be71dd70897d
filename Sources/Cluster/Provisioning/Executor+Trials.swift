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
    /// Runs `wait`, and meanwhile starts a unit of the nodes' own where it is down: once on each node, with a word.
    ///
    /// - Parameter givesUp: whether to end the wait early when the unit will not come up.
    /// - Throws: what `wait` throws, or what is to be said of the node whose unit will not come up.
    func whileTrying<Result: Sendable>(
        _ unit: NodeUnit,
        on nodes: [NodePlan],
        givesUp: Bool = true,
        warn: @escaping @Sendable (String) -> Void,
        _ wait: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        let pace = limits.slowed(for: nodes).look
        // How to start what others' images bring is not known.
        let watches = nodes.map { node in
            { @Sendable () async throws -> Result in
                let mends = node.seed.bringsNodePrograms
                let how = try await hopeless(unit, on: node, pace: pace, mends: mends, givesUp: givesUp, warn: warn)
                let culprit = how.isSetUp ? unit.rawValue : "coreos-cloudinit.service"
                throw await nodeFailure(node, what: "\(unit.program) \(how.words)", unit: culprit)
            }
        }
        return try await race([wait] + watches)
    }

    /// Returns once the node's unit is past hope, and says how it fares, and whether coreos-cloudinit has done its
    /// work.
    private func hopeless(
        _ unit: NodeUnit,
        on node: NodePlan,
        pace: Duration,
        mends: Bool,
        givesUp: Bool,
        warn: @Sendable (String) -> Void,
    ) async throws -> (words: String, isSetUp: Bool) {
        let question = UnitTrials.question(about: unit.rawValue)
        var before: UnitTrials?
        var wasStarted = false
        while true {
            try await Task.sleep(for: pace)
            // A node that takes no login yet has nothing to say of its units either; the wait itself has a deadline.
            guard let answer = try? await shell.run(question, on: node.name, at: node.address, deadline: pace * 5),
                let trials = UnitTrials(answer.standardOutput)
            else { continue }
            defer { before = trials }
            // Without its configuration, etcd would begin a cluster of its own.
            if trials.isDown, mends, let fault = trials.setupFault {
                guard givesUp else { continue }
                return ("does not run, for its cloud-config is not applied (\(fault))", false)
            }
            if trials.isDown, mends, !wasStarted {
                let start = "sudo systemctl start --no-block \(unit.rawValue)"
                guard let started = try? await shell.run(start, on: node.name, at: node.address, deadline: pace * 5)
                else { continue }
                if started.exitCode != 0 {
                    guard givesUp else {
                        warn("\(unit.rawValue) on \(node.name) cannot be started: \(started.standardError.trimmed)")
                        wasStarted = true
                        continue
                    }
                    return ("is \(trials.state) and cannot be started: \(started.standardError.trimmed)", true)
                }
                warn("\(unit.rawValue) on \(node.name) was \(trials.state), and is started")
                wasStarted = true
                continue
            }
            guard givesUp else { continue }
            if trials.hasFailed { return ("has failed", true) }
            if trials.isDown, mends { return ("ended again after it was started", true) }
            if trials.endsAgainAndAgain(since: before) {
                return ("ends each time it is started (\(trials.restarts + 1) times)", true)
            }
        }
    }
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
