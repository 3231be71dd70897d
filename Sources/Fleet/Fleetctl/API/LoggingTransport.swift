/// Tells of every request and its answer.
struct LoggingTransport: FleetTransport {
    let inner: any FleetTransport
    let console: Console

    func send(_ request: FleetRequest) async throws -> FleetResponse {
        let response = try await inner.send(request)
        console.err("\(request.method.rawValue) \(request.target): \(response.status), \(response.body.count) bytes")
        return response
    }
}
