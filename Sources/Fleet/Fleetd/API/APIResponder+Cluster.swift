import FleetAPI
import FleetState
import ServiceLifecycle

/// Calls that the original's API does not have: drained machines, rebalancing, updates, waiting for changes.
extension APIResponder {
    /// Time that a client may wait for a change, in seconds: less than a silent connection is kept.
    static let waits = 0...30

    /// Answers as soon as something has changed since a revision, or when the client's time is over, or fleetd's.
    func changes(_ request: APIRequest) async throws -> APIResponse {
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
        return try .json(APIChanges(revision: try snapshot().revision))
    }

    private func number(_ name: String, in request: APIRequest) throws(APIError) -> Int64? {
        guard let text = request.query[name] else { return nil }
        guard let number = Int64(text) else { throw APIError(400, "\(name) takes a number, not '\(text)'") }
        return number
    }

    func drains(_ request: APIRequest) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        return try .json(APIDrains(machines: try snapshot().draining.sorted()))
    }

    func drain(_ request: APIRequest, _ machine: String) async throws -> APIResponse {
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

    func rebalance(_ request: APIRequest) async throws -> APIResponse {
        switch request.method {
        case "GET":
            return try .json(APIRebalance(mode: try snapshot().rebalance.rawValue))
        case "PUT":
            try requireJSON(request)
            let wanted = try Self.decode(APIRebalance.self, request).mode
            guard let mode = RebalanceMode(rawValue: wanted) else {
                throw APIError(400, "unknown rebalance mode \"\(wanted)\"; expected off, once or automatic")
            }
            await settle(try await registry.setRebalance(mode))
            return .empty(204)
        default:
            throw APIError(405, "only GET and PUT supported against this resource")
        }
    }
}
