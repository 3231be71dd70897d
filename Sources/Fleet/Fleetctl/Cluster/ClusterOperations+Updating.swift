import FleetAPI
import UnitFiles

extension ClusterOperations {
    /// Time that a unit must run well, and limit until then.
    package struct Gate: Sendable, Hashable {
        /// Seconds that a unit has to stay active.
        package var settleSeconds: Int
        /// Seconds that a unit may take to become active.
        package var timeoutSeconds: Int

        package init(settleSeconds: Int = 3, timeoutSeconds: Int = 60) {
            self.settleSeconds = settleSeconds
            self.timeoutSeconds = timeoutSeconds
        }
    }

    /// Gives a running unit, or every instance of a template one after the other, the text of a file.
    ///
    /// - Returns: 0 when all have it; 1 when it was taken back or stopped, with the reason.
    package func update(_ typed: String, _ gate: Gate) async throws -> Int32 {
        let source = try UnitSource(typed)
        guard let (file, _) = try source.load(context) else {
            throw FleetctlError(.file, "there is no file \(source.path)")
        }
        try await client.beginUpdate(
            source.name.full,
            file,
            settleSeconds: gate.settleSeconds,
            timeoutSeconds: gate.timeoutSeconds,
        )
        guard wait.attempts > 0 else {
            console.out("Triggered the update of \(source.name)")
            return 0
        }
        return try await follow(source.name.full)
    }

    /// Gives back the texts from before.
    package func abortUpdate(_ typed: String) async throws -> Int32 {
        let name = try UnitSource(typed).name.full
        try await client.abortUpdate(name)
        return wait.attempts > 0 ? try await follow(name) : 0
    }

    /// Tells of every unit that has the new text, until it is over. How long that takes, only fleet knows: it has a
    /// limit for every unit.
    private func follow(_ name: String) async throws -> Int32 {
        var told: Set<String> = []
        var current: String?
        while let update = try await client.update(name) {
            if update.phase == "rolling" {
                current = update.current ?? current
            } else if update.phase != "done", let unit = current {
                // Now, before the old text is started again and fills the log.
                current = nil
                await showLog(of: unit)
            }
            for unit in update.updated where told.insert(unit).inserted { console.out("Unit \(unit) updated") }
            if update.isOver {
                try await client.forgetUpdate(name)
                return tell(update)
            }
            try await context.pause.sleep(wait.interval)
        }
        throw FleetctlError(.notFound, "the update of \(name) was forgotten by somebody else, or the unit destroyed")
    }

    /// The last lines of the log of a unit that has not proved itself.
    private func showLog(of unit: String) async {
        do {
            guard let machine = try await client.unit(unit)?.machineID, !machine.isEmpty else { return }
            let lines = try await RemoteOperations(context).lastLines(UnitOperations.logLines, of: unit, on: machine)
            if !lines.isEmpty { console.err("The log of \(unit):") }
            for line in lines { console.err("    \(line)") }
        } catch {
            console.err("The log of \(unit) cannot be read from here: \(error)")
        }
    }

    private func tell(_ update: APIUpdate) -> Int32 {
        if update.phase == "done" { return 0 }
        let reason = update.reason ?? "no reason given"
        switch update.phase {
        case "rolledBack": console.err("The update of \(update.name) was taken back: \(reason)")
        default: console.err("The update of \(update.name) stopped: \(reason)")
        }
        return 1
    }
}
