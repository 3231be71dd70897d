import AsyncHTTPClient
import NIOHTTP1

/// Presence of a member, as a connection tells it.
extension EtcdHTTPClient {
    /// Key that nobody writes.
    private static let silentKey = "slipway/presence"

    /// Holds a connection to a member open, and returns when it ends: with the member's process, or its node. That a
    /// network is silent ends no connection.
    ///
    /// - Returns: false where there was no connection.
    package func holdConnection(to endpoint: String) async -> Bool {
        do {
            let body = try GatewayCoding.encode(Gateway.WatchBody(.key(Self.silentKey), from: 0))
            let response = try await transport.stream(endpoint + "/v3/watch", body, timeout: requestTimeout)
            guard response.status == .ok else { return false }
            do {
                for try await _ in response.body {}
            } catch {
                // How it ended makes no difference.
            }
            return true
        } catch {
            return false
        }
    }
}
