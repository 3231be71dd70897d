import Basics
import Planning
import SecureShell

/// How often systemd has tried to start a unit, and what came of it.
struct UnitTrials: Sendable, Equatable {
    var hasFailed: Bool
    /// Starts after the first.
    var restarts: Int

    /// What `systemctl show -p ActiveState -p NRestarts` prints; nil when it is something else.
    init?(_ properties: String) {
        var values: [Substring: Substring] = [:]
        for line in properties.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        guard let state = values["ActiveState"], let number = values["NRestarts"], let restarts = Int(number) else {
            return nil
        }
        hasFailed = state == "failed"
        self.restarts = restarts
    }

    /// A unit may end now and then on its way up: it is hopeless when systemd has given up, or when it has ended again
    /// and again and still does.
    func isHopeless(after before: UnitTrials?) -> Bool {
        hasFailed || (restarts >= 5 && before.map { $0.restarts < restarts } ?? false)
    }
}

extension Executor {
    /// Runs `wait`, and ends it early when etcd on one of the nodes will not come up.
    ///
    /// - Throws: what `wait` throws, or what is to be said of that node.
    func whileEtcdTries<Result: Sendable>(
        _ nodes: [NodePlan],
        _ wait: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        let pace = limits.slowed(for: nodes).look
        let watches = nodes.map { node in
            { @Sendable () async throws -> Result in
                let trials = try await hopelessTrials(of: node, pace: pace)
                let how =
                    trials.hasFailed ? "has failed" : "ends each time it is started (\(trials.restarts + 1) times)"
                throw await nodeFailure(node, what: "etcd \(how)", unit: "etcd2.service")
            }
        }
        return try await race([wait] + watches)
    }

    /// Returns once the node's etcd is past hope.
    private func hopelessTrials(of node: NodePlan, pace: Duration) async throws -> UnitTrials {
        let question = "systemctl show -p ActiveState -p NRestarts etcd2.service"
        var before: UnitTrials?
        while true {
            try await Task.sleep(for: pace)
            // A node that takes no login yet has nothing to say of its etcd either; the wait itself has a deadline.
            guard let answer = try? await shell.run(question, on: node.name, at: node.address, deadline: pace * 5),
                let trials = UnitTrials(answer.standardOutput)
            else { continue }
            if trials.isHopeless(after: before) { return trials }
            before = trials
        }
    }
}
