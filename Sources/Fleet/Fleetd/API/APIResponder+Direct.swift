import Basics
import Etcd
import FleetState
import Logging

extension APIResponder {
    /// Serves the API in this process, straight from etcd, while `body` runs: for a program that is no machine of the
    /// cluster. Units are still placed by the engine of the cluster's fleetd.
    ///
    /// - Parameter patience: how long etcd has for its first answer.
    /// - Throws: `RegistryError` when it does not come, and what `body` throws.
    package static func direct<Value: Sendable>(
        _ registry: FleetRegistry,
        patience: Duration,
        logger: Logger,
        _ body: @escaping @Sendable (APIResponder) async throws -> Value,
    ) async throws -> Value {
        let watch = ClusterWatch(registry, logger: logger)
        return try await race([
            {
                try await watch.run()
                // It ends with the task only.
                throw CancellationError()
            },
            {
                guard await watch.wait(until: 0, within: patience) else {
                    throw watch.failure ?? RegistryError(.unavailable, "etcd has not answered within \(patience)")
                }
                return try await body(APIResponder(registry: registry, watch: watch, presence: nil, logger: logger))
            },
        ])
    }
}
