import Basics
import NodeBoot
import Planning
import RebootLock
import SecureShell
import TopologyModel

extension Executor {
    /// Gives a node another image, and sees it well with that; otherwise gives it back the one that it had.
    ///
    /// What it holds stays. A run that is cut short leaves a node that sees for itself whether it is well, and goes back
    /// to the image that it had where it is not.
    /// - Throws: what was seen of a node that did not come back well, once it is back with the image that it had.
    func upgrade(
        _ upgrade: NodeUpgrade,
        of plan: Plan,
        say: @escaping @Sendable (String) -> Void,
        warn: @escaping @Sendable (String) -> Void,
    ) async throws {
        let fallback = upgrade.fallback
        var node = upgrade.node
        if node.image != fallback.image { node.trial = ImageTrial(fallback: fallback, within: limits.trial) }
        let image = try await images.ensure(node.image, progress: say)
        // There is no way back to an image that is gone.
        let old = try await images.ensure(fallback.image, progress: say)
        try await provider.checkAllocation(of: node, image: image)
        let lock = upgrade.semaphore.map { clusters.rebootLock($0.endpoints, group: $0.group) }
        if let lock { try await takePlace(node, lock: lock, of: plan, say: say) }
        var before = UnitSnapshot()
        do {
            try Task.checkCancellation()
            before = try await units(on: node)
            if upgrade.isDrained {
                let address = node.address
                try await leaveFleet(
                    node.name,
                    machineID: node.machineID,
                    address: address,
                    plan: plan,
                    say: say,
                    warn: warn
                )
            }
            try Task.checkCancellation()
        } catch {
            // It does not go down, so another may.
            try await lock?.release(node.machineID)
            throw error
        }
        do {
            try await restart(node, image: image, say: say, warn: warn)
            try await comeBack(node, upgrade.globalUnits, before: before, of: plan, say: say, warn: warn)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            let cause = await ownWord(of: node) ?? error
            warn(
                "\(node.name) does not do well with its new image, and gets the old one back: \(Self.firstLine(cause))"
            )
            try await goBack(to: fallback, image: old, of: plan, because: cause, say: say, warn: warn)
            try await lock?.release(node.machineID)
            throw Self.rolledBack(node, because: cause)
        }
    }

    /// Tells a node, which runs on, of the image that it takes at its next reboot.
    func stage(_ staging: NodeStaging, say: @escaping @Sendable (String) -> Void) async throws {
        var node = staging.node
        guard let fallback = staging.fallback else { return try await provider.stage(node) }
        node.trial = ImageTrial(fallback: fallback, within: limits.trial)
        let image = try await images.ensure(node.image, progress: say)
        try await provider.checkAllocation(of: node, image: image)
        try await provider.stage(node)
    }

    /// Waits until the node is ready and its units run that ran before.
    private func comeBack(
        _ node: NodePlan,
        _ globalUnits: [String],
        before: UnitSnapshot,
        of plan: Plan,
        say: @escaping @Sendable (String) -> Void,
        warn: @escaping @Sendable (String) -> Void,
    ) async throws {
        let ladder = Ladder(executor: self, node: node, members: members(of: plan), say: say, warn: warn)
        try await ladder.climb()
        say("looking at its units")
        try await requireImage(of: node)
        try await awaitUnits(before, on: node)
        try await awaitGlobalUnits(globalUnits, on: node, of: plan)
        try await awaitItsWord(node, say: say)
    }

    /// Throws where the node has left its image by itself.
    ///
    /// - Returns: true when the node is well on it by its own word, or gives none.
    @discardableResult
    private func requireImage(of node: NodePlan) async throws -> Bool {
        guard let state = try await provider.image(of: NodeReference(node)), let running = state.running else {
            return true
        }
        guard running != node.image else { return !state.isOnTrial }
        let reason = state.retreat.flatMap { $0.image == node.image ? $0.reason : nil } ?? "it does not say why"
        throw await nodeFailure(node, what: "it went back by itself: \(reason)", unit: nil)
    }

    /// The node's own reason for having left its image, which is nearer to the cause than what was seen from here; nil
    /// where it has not.
    private func ownWord(of node: NodePlan) async -> (any Error)? {
        do {
            try await requireImage(of: node)
            return nil
        } catch { return error is ProvisioningError ? error : nil }
    }

    /// Waits until the node says that it is well: before that, it would go back by itself.
    private func awaitItsWord(_ node: NodePlan, say: @Sendable (String) -> Void) async throws {
        guard try await !requireImage(of: node) else { return }
        say("waiting for its word that it is well")
        // After its time it goes back, which takes a moment to be seen.
        let limit = limits.trial + limits.leave
        let isWell = try await Waiting.until(limit, pause: limits.pause * 5) {
            try await requireImage(of: node) ? true : nil
        }
        guard isWell == nil else { return }
        let complaint = try await provider.image(of: NodeReference(node))?.complaint ?? "it does not say why not"
        throw await nodeFailure(
            node,
            what: "it does not say that it is well (waited \(limit)): \(complaint)",
            unit: nil
        )
    }

    private func goBack(
        to fallback: NodePlan,
        image: NodeImagePaths,
        of plan: Plan,
        because cause: any Error,
        say: @escaping @Sendable (String) -> Void,
        warn: @escaping @Sendable (String) -> Void,
    ) async throws {
        do {
            // Nothing that runs on a bad image is worth the time that it may take to end.
            if try await provider.image(of: NodeReference(fallback))?.running != fallback.image {
                try await provider.powerOff(NodeReference(fallback))
            }
            try await restart(fallback, image: image, say: say, warn: warn)
            try await Ladder(executor: self, node: fallback, members: members(of: plan), say: say, warn: warn).climb()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            throw ProvisioningError(
                "node \(fallback.name) did not do well with its new image, nor with the old one again: \(Self.firstLine(error))",
                evidence: ["with the new one: \(cause)", "with the old one: \(error)"],
                hints: ["slipway logs \(fallback.cluster) \(fallback.name)"],
            )
        }
    }

    private static func rolledBack(_ node: NodePlan, because cause: any Error) -> ProvisioningError {
        let known = cause as? ProvisioningError
        return ProvisioningError(
            "\(node.name) did not do well with its new image and is back with the old one: \(known?.message ?? "\(cause)")",
            evidence: known?.evidence ?? [],
            hints: ["the nodes after it keep theirs; the same command tries again once the cause is fixed"],
        )
    }

    private static func firstLine(_ error: any Error) -> String {
        let text = (error as? ProvisioningError)?.message ?? "\(error)"
        return text.split(whereSeparator: \.isNewline).first.map(String.init) ?? text
    }

    // MARK: Units

    /// Units of a node as systemd has them now; none where the node does not answer, which then has nothing to lose.
    private func units(on node: NodePlan) async throws -> UnitSnapshot {
        do {
            let output = try await shell.run(
                UnitSnapshot.keeping,
                on: node.name,
                at: node.address,
                deadline: .seconds(10)
            )
            return output.exitCode == 0 ? UnitSnapshot(output.standardOutput) : UnitSnapshot()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return UnitSnapshot()
        }
    }

    /// Waits until systemd has started what it starts at boot.
    ///
    /// - Throws: where units have failed, or end again and again, that ran before.
    private func awaitUnits(_ before: UnitSnapshot, on node: NodePlan) async throws {
        guard !before.active.isEmpty, node.configMedium.bringsNodePrograms else { return }
        let limit = limits.slowed(for: [node]).cloudConfig
        let script =
            "timeout \(limit.components.seconds) systemctl is-system-running --wait >/dev/null 2>&1; "
            + UnitSnapshot.question
        func broken() async throws -> Set<String> {
            let output = try await shell.run(script, on: node.name, at: node.address, deadline: limit + .seconds(10))
            return UnitSnapshot(output.standardOutput).broken.intersection(before.active)
        }
        let first = try await broken()
        guard !first.isEmpty else { return }
        // A unit may fail once on its way up.
        try await Task.sleep(for: limits.failedUnits)
        guard let unit = try await broken().intersection(first).sorted().first else { return }
        throw await nodeFailure(node, what: "\(unit) ran before and has failed", unit: unit)
    }

    /// Waits until fleet's units that every machine runs are back on a node.
    private func awaitGlobalUnits(_ units: [String], on node: NodePlan, of plan: Plan) async throws {
        guard !units.isEmpty else { return }
        let id = node.machineID
        let limit = limits.slowed(for: [node]).fleet
        let fleet = fleet(of: plan)
        let seen = try await fleet.observe(
            until: { seen in units.allSatisfy { seen.units[$0]?.isWell(on: id) ?? true } },
            limit: limit,
        )
        guard !seen.done else { return }
        let unit = units.first { !(seen.fleet.units[$0]?.isWell(on: id) ?? true) } ?? units[0]
        let state = seen.fleet.units[unit]?.states[id] ?? "not there"
        throw await nodeFailure(
            node,
            what: "\(unit) ran before and is \(state) (waited \(limit))",
            unit: ShellWord.quoted(unit)
        )
    }
}

/// Names of systemd's units on a node that run, and of those that do not and should.
struct UnitSnapshot: Sendable, Equatable {
    /// Units that are active.
    var active: Set<String> = []
    /// Units that have failed, or that wait to be started again after they ended.
    var broken: Set<String> = []

    init() {}

    /// Command that prints the units in a form that ``init(_:)`` reads.
    static let question =
        "systemctl list-units --plain --no-legend --no-pager --state=active,failed,auto-restart | awk '{ print $1, $3, $4 }'"

    /// The same, and the node keeps the answer for its own judgement of the next image.
    static let keeping =
        question + " | if [ -d \(BootDirectory.onNode) ]; then "
        + "sudo tee \(BootDirectory.onNode)/\(BootDirectory.unitsName); else cat; fi"

    /// Reads lines of name, active state and sub-state.
    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 3 else { continue }
            if words[1] == "active" { active.insert(words[0]) }
            if words[1] == "failed" || words[2] == "auto-restart" { broken.insert(words[0]) }
        }
    }
}
