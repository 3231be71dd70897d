/// A way to reach fleet's API.
package protocol FleetTransport: Sendable {
    /// - Throws: `FleetctlError` when there is no answer at all; an answer that is an error is returned.
    func send(_ request: FleetRequest) async throws -> FleetResponse
}
