import FleetAPI
import UnitFiles

/// Calls that the original's API does not have.
extension FleetClient {
    /// Waits for a change since a revision; without one, reads the present one at once.
    ///
    /// - Parameter seconds: when the answer comes though nothing has changed.
    /// - Returns: nil when the fleet there cannot tell, as the original's.
    package func changes(since revision: Int64?, seconds: Int) async throws -> Int64? {
        let since = revision.map { [(name: "since", value: "\($0)"), (name: "wait", value: "\(seconds)")] }
        let response = try await transport.send(FleetRequest(.get, .changes, query: since ?? []))
        if response.status == 404 || response.status == 405 { return nil }
        return try decode(APIChanges.self, response, doing: "wait for changes").revision
    }

    /// Ids of the machines that are being drained.
    package func drains() async throws -> [String] {
        let response = try await transport.send(FleetRequest(.get, .drains))
        return try decode(APIDrains.self, response, doing: "list the machines that are being drained").machines
    }

    /// The same, and none when the fleet there knows of no draining, as the original's.
    package func drainsIfAny() async throws -> [String] {
        let response = try await transport.send(FleetRequest(.get, .drains))
        if response.status == 404 || response.status == 405 { return [] }
        return try decode(APIDrains.self, response, doing: "list the machines that are being drained").machines
    }

    /// Marks a machine as drained, or takes the mark away.
    package func setDraining(_ isDraining: Bool, _ machine: String) async throws {
        let request = FleetRequest(isDraining ? .put : .delete, .drain(machine: machine))
        try check(try await transport.send(request), doing: "\(isDraining ? "drain" : "undrain") machine \(machine)")
    }

    /// Setting of the engine's spreading.
    package func rebalanceMode() async throws -> String {
        let response = try await transport.send(FleetRequest(.get, .rebalance))
        return try decode(APIRebalance.self, response, doing: "read how units are rebalanced").mode
    }

    /// Sets whether and when the engine spreads units again.
    package func setRebalance(_ mode: String) async throws {
        let request = FleetRequest(.put, .rebalance, body: try body(APIRebalance(mode: mode)))
        try check(try await transport.send(request), doing: "rebalance")
    }

    /// Begins a rolling update.
    package func beginUpdate(_ name: String, _ file: UnitFile, settleSeconds: Int, timeoutSeconds: Int) async throws {
        let body = APIUpdateRequest(options: file.options, settleSeconds: settleSeconds, timeoutSeconds: timeoutSeconds)
        try await putUpdate(name, body, doing: "update")
    }

    /// Takes an update back.
    package func abortUpdate(_ name: String) async throws {
        try await putUpdate(name, APIUpdateRequest(abort: true), doing: "abort")
    }

    /// A second one would be refused: the update is under way, or is not any more.
    private func putUpdate(_ name: String, _ body: APIUpdateRequest, doing action: String) async throws {
        let request = FleetRequest(.put, .update(name), body: try self.body(body), isRepeatable: false)
        try check(try await transport.send(request), doing: "\(action) \(name)")
    }

    /// nil when there is none.
    package func update(_ name: String) async throws -> APIUpdate? {
        let response = try await transport.send(FleetRequest(.get, .update(name)))
        if response.status == 404 { return nil }
        return try decode(APIUpdate.self, response, doing: "read the update of \(name)")
    }

    /// Removes the record of an update that is over.
    package func forgetUpdate(_ name: String) async throws {
        let response = try await transport.send(FleetRequest(.delete, .update(name)))
        if response.status != 404 { try check(response, doing: "forget the update of \(name)") }
    }
}
