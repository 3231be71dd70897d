import Etcd
import FleetState
import Fleetd
import Logging
import TransportSecurity

/// Endpoints and key prefix of etcd, for a fleetctl that works without a fleetd.
package struct EtcdAccess: Sendable, Hashable {
    static let standardEndpoints = "http://127.0.0.1:2379,http://127.0.0.1:4001"
    static let standardPrefix = Keyspace.defaultPrefix

    let endpoints: [String]
    let prefix: String

    /// - Parameter endpoints: URLs of clients with commas between; nil for this machine's.
    init(endpoints: String?, prefix: String) throws {
        self.prefix = prefix
        self.endpoints = try (endpoints ?? Self.standardEndpoints).split(separator: ",").map { text in
            let text = String(text.filter { !$0.isWhitespace })
            guard case .tcp = try FleetEndpoint(text) else {
                throw FleetctlError(
                    .usage,
                    "with --driver etcd the endpoint is etcd's, http://host:2379, not \"\(text)\""
                )
            }
            return text
        }
        guard !self.endpoints.isEmpty else { throw FleetctlError(.usage, "--endpoint names no etcd") }
    }

    /// Runs `body` with fleet's API served from etcd in this process.
    ///
    /// - Throws: `FleetctlError` when etcd does not answer within the request timeout.
    func run<Value: Sendable>(
        _ settings: FleetctlSettings,
        _ body: @escaping @Sendable (any FleetTransport) async throws -> Value,
    ) async throws -> Value {
        let patience = Duration.seconds(settings.requestTimeout)
        let etcd = EtcdHTTPClient(
            endpoints: endpoints,
            requestTimeout: patience,
            tls: try settings.tlsIdentity(forEtcd: true)
        )
        let silent = Logger(label: "fleetctl") { _ in SwiftLogNoOpLogHandler() }
        do {
            // One that cannot be reached fails at once and is asked again; each endpoint has its time.
            let patience = patience * endpoints.count
            return try await APIResponder.direct(
                FleetRegistry(etcd: etcd, prefix: prefix),
                patience: patience,
                logger: silent
            ) {
                try await body(DirectTransport(api: $0))
            }
        } catch let error as RegistryError {
            let places = endpoints.joined(separator: ", ")
            throw FleetctlError(.unreachable, "etcd does not answer at \(places) (check --endpoint)", cause: error)
        }
    }
}

/// fleet's API as a function call.
struct DirectTransport: FleetTransport {
    let api: APIResponder

    func send(_ request: FleetRequest) async throws -> FleetResponse {
        let answer = await api.respond(
            to: APIRequest(
                request.method.rawValue,
                target: request.target,
                contentTypes: ["application/json"],
                body: request.body ?? [],
            )
        )
        return FleetResponse(status: answer.status, body: Array(answer.body.utf8))
    }
}

extension FleetctlSettings {
    /// Reads the files of TLS, of which a client of etcd needs all; nil when there are none.
    func tlsIdentity(forEtcd: Bool) throws(FleetctlError) -> TLSIdentity? {
        do {
            return forEtcd ? try tls.identity() : try tls.identity(.client)
        } catch {
            guard error.code != .missing else { throw FleetctlError(.usage, error.message) }
            throw FleetctlError(.file, "no PEM files to speak TLS with", cause: error)
        }
    }
}
