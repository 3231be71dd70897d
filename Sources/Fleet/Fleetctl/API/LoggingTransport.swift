/// Tells of every request and its answer.
struct LoggingTransport: APITransport {
    let inner: any APITransport
    let console: Console

    func send(_ request: APIRequest) async throws -> APIResponse {
        let response = try await inner.send(request)
        console.err("\(request.method.rawValue) \(request.target): \(response.status), \(response.body.count) bytes")
        return response
    }
}
