import UnitFiles

/// Tells what happens in the cluster, by looking at it whenever it has changed: that works with any fleet.
package struct EventOperations: Sendable {
    let context: FleetContext
    let isJSON: Bool
    /// Only events of these units, and of no machine; empty for all.
    let patterns: [Glob]

    /// Creates the operation for all units, or for these.
    package init(_ context: FleetContext, isJSON: Bool = false, units: [String] = []) {
        self.context = context
        self.isJSON = isJSON
        patterns = units.map { Glob(UnitName.completed($0)) }
    }

    /// Tells what is there, as if it had just happened.
    package func tellPresent() async throws {
        try tell(try await look().events(since: FleetView()))
    }

    /// Prints events until `looks` readings have been made, or for ever. A fleet that does not answer is asked again.
    package func follow(looks: Int = .max) async throws {
        var next = ChangeWaiter(context)
        await next.begin()
        var last = try await look()
        var isSilent = false
        for _ in 1..<looks {
            try await next.wait()
            do {
                let now = try await look()
                try tell(now.events(since: last))
                last = now
                isSilent = false
            } catch let error as FleetctlError {
                if !isSilent { context.console.err("\(error); asking again") }
                isSilent = true
            }
        }
    }

    private func look() async throws -> FleetView {
        FleetView(
            units: try await context.client.units(),
            states: try await context.client.states(),
            machines: try await context.client.machines(),
        )
    }

    private func tell(_ events: [ClusterEvent]) throws {
        for event in events where isWanted(event) {
            let time = context.now()
            if isJSON {
                context.console.emit(try APIText.jsonLine(TimedEvent(time: time, event: event)))
            } else {
                context.console.out("\(time) \(event.detail)")
            }
        }
    }

    private func isWanted(_ event: ClusterEvent) -> Bool {
        guard !patterns.isEmpty else { return true }
        guard let unit = event.unit else { return false }
        return patterns.contains { $0.pattern == unit || $0.matches(unit) }
    }
}

/// One event as a line of JSON.
private struct TimedEvent: Encodable {
    let time: String
    let event: ClusterEvent

    private enum CodingKeys: String, CodingKey { case time }

    func encode(to encoder: any Encoder) throws {
        try event.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(time, forKey: .time)
    }
}
