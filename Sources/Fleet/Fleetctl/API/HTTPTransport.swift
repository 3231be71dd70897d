import AsyncHTTPClient
import Etcd
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// fleet's API over HTTP, on a unix socket or TCP.
struct HTTPTransport: FleetTransport {
    /// The largest answer that is read; a page of a hundred large units is far below.
    private static let maximumBody = 64 << 20
    /// Largest number of attempts for a request whose connection ends before there is an answer: the server ended
    /// meanwhile, and its successor listens on the same socket.
    private static let attempts = 3

    let endpoint: FleetEndpoint
    let client: HTTPClient
    let timeout: TimeAmount
    /// Address that the endpoint leads to, where that is on another host.
    var farEnd: String?

    /// Pause before a request is repeated that the server could not serve for want of an etcd that answers.
    private static let pause = Duration.milliseconds(200)

    func send(_ request: FleetRequest) async throws -> FleetResponse {
        let end = ContinuousClock.now + .nanoseconds(timeout.nanoseconds)
        var response = try await send(request, within: timeout, isRepetition: false)
        // An election takes a second or two, and a disk may be as slow for a moment.
        while response.status == 503, request.isRepeatable, .now + Self.pause < end {
            try await Task.sleep(for: Self.pause)
            let left = TimeAmount.nanoseconds(Int64((end - .now) / .nanoseconds(1)))
            do {
                response = try await send(request, within: left, isRepetition: true)
            } catch is FleetctlError {
                // That the time was up says less than the answer before.
                return response
            }
        }
        return response
    }

    /// - Parameter isRepetition: whether an attempt before may have been carried out.
    private func send(
        _ request: FleetRequest,
        within timeout: TimeAmount,
        isRepetition: Bool,
    ) async throws -> FleetResponse {
        var attempt = 1
        while true {
            do {
                var response = try await sendOnce(request, within: timeout)
                // What is not there any more went with the attempt that was not answered.
                let isRepetition = isRepetition || attempt > 1
                let isGone = isRepetition && request.method == .delete && response.status == 404
                if isGone { response = FleetResponse(status: 204) }
                response.isToRepetition = isRepetition
                return response
            } catch let error as CancellationError {
                throw error
            } catch {
                guard attempt < HTTPTransport.attempts, request.isRepeatable, HTTPTransport.isClosed(error) else {
                    let fault = NetworkFault(error, timeout: .nanoseconds(timeout.nanoseconds))
                    throw FleetctlError(.unreachable, "\(hint(for: request))", cause: fault)
                }
                attempt += 1
            }
        }
    }

    private func sendOnce(_ request: FleetRequest, within timeout: TimeAmount) async throws -> FleetResponse {
        var message = HTTPClientRequest(url: endpoint.url(of: request.target))
        message.method = .init(rawValue: request.method.rawValue)
        message.headers.add(name: "User-Agent", value: "fleetctl/\(FleetVersion.current)")
        if case .unix = endpoint { message.headers.replaceOrAdd(name: "Host", value: "localhost") }
        if let body = request.body {
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(body)
        }
        let response = try await client.execute(message, timeout: timeout)
        let body = try await response.body.collect(upTo: HTTPTransport.maximumBody)
        return FleetResponse(status: Int(response.status.code), body: Array(body.readableBytesView))
    }

    /// Returns whether the server closed an established connection.
    private static func isClosed(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case let error as IOError: error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
        default: false
        }
    }

    private func hint(for request: FleetRequest) -> String {
        if let farEnd { return "fleet does not answer at \(farEnd)" }
        let advice =
            switch endpoint {
            case .unix: "is fleetd running on this machine? Elsewhere, use --endpoint or --tunnel"
            case .tcp: "check --endpoint, and that fleetd listens there"
            }
        return "fleet does not answer at \(endpoint) (\(advice))"
    }
}
