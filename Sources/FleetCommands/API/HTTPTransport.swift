import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// fleet's API over HTTP, on a unix socket or TCP.
struct HTTPTransport: APITransport {
    /// The largest answer that is read; a page of a hundred large units is far below.
    private static let maximumBody = 64 << 20

    let endpoint: Endpoint
    let client: HTTPClient
    let timeout: TimeAmount

    func send(_ request: APIRequest) async throws -> APIResponse {
        var message = HTTPClientRequest(url: endpoint.url(of: request.target))
        message.method = .init(rawValue: request.method.rawValue)
        message.headers.add(name: "User-Agent", value: "fleetctl/\(FleetVersion.current)")
        if case .unix = endpoint { message.headers.replaceOrAdd(name: "Host", value: "localhost") }
        if let body = request.body {
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(body)
        }
        do {
            let response = try await client.execute(message, timeout: timeout)
            let body = try await response.body.collect(upTo: HTTPTransport.maximumBody)
            return APIResponse(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw FleetctlError(.unreachable, "\(hint(for: request))", cause: error)
        }
    }

    private func hint(for request: APIRequest) -> String {
        let advice =
            switch endpoint {
            case .unix: "is fleetd running on this machine? Elsewhere, use --endpoint or --tunnel"
            case .tcp: "check --endpoint, and that fleetd listens there"
            }
        return "fleet does not answer at \(endpoint) (\(advice))"
    }
}
