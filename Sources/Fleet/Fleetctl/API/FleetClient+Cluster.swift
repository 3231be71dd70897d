import FoundationEssentials
import UnitFiles

/// An update as fleet's API shows it.
package struct APIUpdate: Sendable, Hashable, Codable {
    /// Unit or template that is updated.
    package var name: String
    /// Stage of the update.
    package var phase: String
    /// Hash of the new text.
    package var hash: String?
    /// Reason for which the update was taken back.
    package var reason: String?
    /// Unit that is being replaced.
    package var current: String?
    /// Units still to be replaced.
    package var waiting: [String]
    /// Units that have the new text.
    package var updated: [String]

    package init(
        name: String,
        phase: String,
        hash: String? = nil,
        reason: String? = nil,
        current: String? = nil,
        waiting: [String] = [],
        updated: [String] = [],
    ) {
        self.name = name
        self.phase = phase
        self.hash = hash
        self.reason = reason
        self.current = current
        self.waiting = waiting
        self.updated = updated
    }

    /// Whether nothing more happens by itself.
    package var isOver: Bool { phase != "rolling" && phase != "rollingBack" }
}

/// What the original's API did not have.
extension FleetClient {
    private struct Drains: Codable {
        var machines: [String]
    }

    private struct Changes: Codable {
        var revision: Int64
    }

    private struct Mode: Codable {
        var mode: String
    }

    private struct NewUpdate: Encodable {
        var options: [UnitOption]?
        var settleSeconds: Int?
        var timeoutSeconds: Int?
        var abort: Bool?
    }

    /// Waits for a change since a revision; without one, reads the present one at once.
    ///
    /// - Parameter seconds: when the answer comes though nothing has changed.
    /// - Returns: nil when the fleet there cannot tell, as the original's.
    package func changes(since revision: Int64?, seconds: Int) async throws -> Int64? {
        let since = revision.map { [(name: "since", value: "\($0)"), (name: "wait", value: "\(seconds)")] }
        let response = try await transport.send(APIRequest(.get, ["changes"], query: since ?? []))
        if response.status == 404 || response.status == 405 { return nil }
        return try decode(Changes.self, response, doing: "wait for changes").revision
    }

    /// Ids of the machines that are being drained.
    package func drains() async throws -> [String] {
        let response = try await transport.send(APIRequest(.get, ["drains"]))
        return try decode(Drains.self, response, doing: "list the machines that are being drained").machines
    }

    /// The same, and none when the fleet there knows of no draining, as the original's.
    package func drainsIfAny() async throws -> [String] {
        let response = try await transport.send(APIRequest(.get, ["drains"]))
        if response.status == 404 || response.status == 405 { return [] }
        return try decode(Drains.self, response, doing: "list the machines that are being drained").machines
    }

    /// Marks a machine as drained, or takes the mark away.
    package func setDraining(_ isDraining: Bool, _ machine: String) async throws {
        let request = APIRequest(isDraining ? .put : .delete, ["drains", machine])
        try check(try await transport.send(request), doing: "\(isDraining ? "drain" : "undrain") machine \(machine)")
    }

    /// Setting of the engine's spreading.
    package func rebalanceMode() async throws -> String {
        let response = try await transport.send(APIRequest(.get, ["rebalance"]))
        return try decode(Mode.self, response, doing: "read how units are rebalanced").mode
    }

    /// Sets whether and when the engine spreads units again.
    package func setRebalance(_ mode: String) async throws {
        let request = APIRequest(.put, ["rebalance"], body: Array(try JSONEncoder().encode(Mode(mode: mode))))
        try check(try await transport.send(request), doing: "rebalance")
    }

    /// Begins a rolling update.
    package func beginUpdate(_ name: String, _ file: UnitFile, settleSeconds: Int, timeoutSeconds: Int) async throws {
        let body = NewUpdate(options: file.options, settleSeconds: settleSeconds, timeoutSeconds: timeoutSeconds)
        try await putUpdate(name, body, doing: "update")
    }

    /// Takes an update back.
    package func abortUpdate(_ name: String) async throws {
        try await putUpdate(name, NewUpdate(abort: true), doing: "abort")
    }

    /// A second one would be refused: the update is under way, or is not any more.
    private func putUpdate(_ name: String, _ body: NewUpdate, doing action: String) async throws {
        let body = Array(try JSONEncoder().encode(body))
        let request = APIRequest(.put, ["updates", name], body: body, isRepeatable: false)
        try check(try await transport.send(request), doing: "\(action) \(name)")
    }

    /// nil when there is none.
    package func update(_ name: String) async throws -> APIUpdate? {
        let response = try await transport.send(APIRequest(.get, ["updates", name]))
        if response.status == 404 { return nil }
        return try decode(APIUpdate.self, response, doing: "read the update of \(name)")
    }

    /// Removes the record of an update that is over.
    package func forgetUpdate(_ name: String) async throws {
        let response = try await transport.send(APIRequest(.delete, ["updates", name]))
        if response.status != 404 { try check(response, doing: "forget the update of \(name)") }
    }
}
