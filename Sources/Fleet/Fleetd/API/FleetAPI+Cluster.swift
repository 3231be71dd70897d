import FleetState
import ServiceLifecycle

/// What the original's API did not have: machines that are drained, rebalancing, updates, waiting for changes.
extension FleetAPI {
    struct Drains: Codable, Sendable {
        /// Ids of machines that are being drained, present or not.
        var machines: [String]
    }

    struct Rebalance: Codable, Sendable {
        var mode: RebalanceMode
    }

    struct Changes: Codable, Sendable {
        /// etcd's revision of the state that lists are answered from.
        var revision: Int64
    }

    /// How long a client may wait for a change, in seconds: less than a silent connection is kept.
    static let waits = 0...30

    func clusterResource(_ request: APIRequest, _ path: [String]) async throws -> APIResponse {
        switch (path.first, path.count) {
        case ("changes", 1): try await changes(request)
        case ("drains", 1): try drains(request)
        case ("drains", 2) where !path[1].isEmpty: try await drain(request, path[1])
        case ("rebalance", 1): try await rebalance(request)
        case ("updates", 1): try updates(request)
        case ("updates", 2) where !path[1].isEmpty: try await update(request, path[1])
        default: throw APIError.notFound
        }
    }

    /// Answers as soon as something has changed since a revision, or when the client's time is over, or fleetd's.
    private func changes(_ request: APIRequest) async throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        let seconds = try number("wait", in: request) ?? Int64(Self.waits.upperBound)
        guard Self.waits.contains(Int(clamping: seconds)) else {
            throw APIError(400, "wait is \(Self.waits.lowerBound) to \(Self.waits.upperBound) seconds, not \(seconds)")
        }
        if let since = try number("since", in: request), since < .max {
            _ = await cancelWhenGracefulShutdown {
                await watch.wait(until: since + 1, within: .seconds(seconds))
            }
        }
        return try APIJSON.response(200, Changes(revision: try snapshot().revision))
    }

    private func number(_ name: String, in request: APIRequest) throws(APIError) -> Int64? {
        guard let text = request.query[name] else { return nil }
        guard let number = Int64(text) else { throw APIError(400, "\(name) takes a number, not '\(text)'") }
        return number
    }

    private func drains(_ request: APIRequest) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        return try APIJSON.response(200, Drains(machines: try snapshot().draining.sorted()))
    }

    private func drain(_ request: APIRequest, _ machine: String) async throws -> APIResponse {
        let snapshot = try snapshot()
        switch request.method {
        case "PUT":
            guard snapshot.machines[machine] != nil else { throw APIError(404, "machine does not exist") }
            await settle(try await registry.setDraining(true, machine))
        case "DELETE":
            guard snapshot.draining.contains(machine) else { throw APIError(404, "machine is not being drained") }
            await settle(try await registry.setDraining(false, machine))
        default:
            throw APIError(405, "only PUT and DELETE supported against this resource")
        }
        return .empty(204)
    }

    private func rebalance(_ request: APIRequest) async throws -> APIResponse {
        switch request.method {
        case "GET":
            return try APIJSON.response(200, Rebalance(mode: try snapshot().rebalance))
        case "PUT":
            try requireJSON(request)
            let wanted = try APIJSON.decode(Rebalance.self, request.body)
            await settle(try await registry.setRebalance(wanted.mode))
            return .empty(204)
        default:
            throw APIError(405, "only GET and PUT supported against this resource")
        }
    }
}
