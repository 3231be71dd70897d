import FleetAPI
import Scheduling
import UnitFiles

/// Operations on machines, and on units that run.
package struct ClusterOperations: Sendable {
    let context: FleetContext
    let wait: WaitPolicy

    package init(_ context: FleetContext, wait: WaitPolicy = .standard) {
        self.context = context
        self.wait = wait
    }

    var client: FleetClient { context.client }
    var console: Console { context.console }

    // MARK: Draining

    /// Lets machines take no new units, and moves their own elsewhere.
    ///
    /// - Returns: 0 when no unit but global ones is left; 1 when some have to stay, or have not left in time.
    package func drain(_ typed: [String]) async throws -> Int32 {
        let ids = try await machines(typed)
        for id in ids { try await client.setDraining(true, id) }
        var code: Int32 = 0
        for id in ids where try await !settleDrained(id) { code = 1 }
        return code
    }

    /// Lets drained machines have units again; returns the exit code.
    package func undrain(_ typed: [String]) async throws -> Int32 {
        for id in try await machines(typed, among: try await client.drains()) {
            try await client.setDraining(false, id)
            console.out("Machine \(id.prefix(8)) takes units again")
        }
        return 0
    }

    /// The machines that are being drained, one a line, and how many units each still has.
    package func listDrains() async throws -> Int32 {
        let units = try await client.units()
        for id in try await client.drains() {
            console.out("\(id)\t\(units.count { $0.machineID == id }) units left")
        }
        return 0
    }

    private func settleDrained(_ id: String) async throws -> Bool {
        guard wait.attempts > 0 else {
            console.out("Triggered the draining of machine \(id.prefix(8))")
            return true
        }
        var left: [APIUnit] = []
        for attempt in 0..<wait.attempts {
            if attempt > 0 { try await context.pause.sleep(wait.interval) }
            left = try await client.units().filter { $0.machineID == id }
            if left.allSatisfy({ $0.statusReason != nil }) { break }
        }
        for unit in left {
            console.err("\(unit.name) is still there: \(unit.statusReason ?? "it has not left in time")")
        }
        if left.isEmpty { console.out("Machine \(id.prefix(8)) is drained") }
        return left.isEmpty
    }

    /// The ids that begin as typed.
    private func machines(_ typed: [String], among others: [String] = []) async throws -> [String] {
        let known = Set(try await client.machines().map(\.id) + others).sorted()
        return try typed.map { prefix in
            let found = known.filter { $0.hasPrefix(prefix) }
            guard let id = found.first, found.count == 1 else {
                let what = found.isEmpty ? "no machine's id starts" : "\(found.count) machines have ids that start"
                throw FleetctlError(.notFound, "\(what) with \(prefix); fleetctl list-machines --full shows them")
            }
            return id
        }
    }

    // MARK: Rebalancing

    /// Sets the mode; with none, shows it.
    package func rebalance(_ mode: String?) async throws -> Int32 {
        guard let mode else {
            console.out(try await client.rebalanceMode())
            return 0
        }
        try await client.setRebalance(mode)
        guard mode == "once", wait.attempts > 0 else { return 0 }
        for attempt in 0..<wait.attempts {
            if attempt > 0 { try await context.pause.sleep(wait.interval) }
            if try await client.rebalanceMode() != "once" {
                console.out("The load is even")
                return 0
            }
        }
        throw FleetctlError(.timedOut, "units are still moving; fleetctl rebalance shows when it is off again")
    }
}
