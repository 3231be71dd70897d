import FleetAPI
import FleetState
import Logging

/// Answers requests to fleet's HTTP API, `/fleet/v1` and its older name `/v1-alpha`, as the original did.
///
/// Lists and units are answered from the copy of fleet's state in memory; a write is answered when the copy has it.
package struct APIResponder: Sendable {
    let registry: FleetRegistry
    /// Changes of the cluster, for clients that wait for them.
    package let watch: ClusterWatch
    /// Of the machine that serves the API; nil for one that belongs to no machine.
    let presence: Presence?
    let tokenLimit: UInt16
    let access: APIAccess
    let logger: Logger
    private let counters: APIMetrics
    let restarts = OriginalRestarts()
    /// Limit for a request's wait for a fleetd that has just been started and has not read fleet's state yet.
    private let startLimit: Duration

    /// Limit for a write's wait for the copy.
    private let copyLimit: Duration

    /// Responder that answers from the registry and the copy that `watch` keeps of it.
    package init(
        registry: FleetRegistry,
        watch: ClusterWatch,
        presence: Presence?,
        tokenLimit: UInt16 = 100,
        access: APIAccess = APIAccess(),
        engine: EngineCounters = EngineCounters(),
        logger: Logger,
        startLimit: Duration = .seconds(2),
        copyLimit: Duration = .seconds(1),
    ) {
        var registry = registry
        registry.onWrite = { watch.take(written: $0) }
        self.registry = registry
        self.watch = watch
        self.presence = presence
        self.startLimit = startLimit
        self.copyLimit = copyLimit
        self.tokenLimit = tokenLimit
        self.access = access
        counters = APIMetrics(engine)
        self.logger = logger
    }

    /// Answers a request; failures become responses.
    package func respond(to request: APIRequest) async -> APIResponse {
        let response = await answer(request)
        counters.count(request.method, response.status)
        if request.method != "GET" {
            let what: Logger.Metadata = [
                "request": "\(request.method) \(request.path)", "from": "\(request.peer)",
                "status": "\(response.status)",
            ]
            logger.info("a client asked for a change", metadata: what)
        }
        return response
    }

    private func answer(_ request: APIRequest) async -> APIResponse {
        do {
            if let refusal = access.refusal(of: request) { throw refusal }
            return try await route(request)
        } catch let error as APIError {
            return Self.failure(error)
        } catch let error as RegistryError where error.code == .unavailable {
            logger.warning("a request could not be served", metadata: ["path": "\(request.path)", "error": "\(error)"])
            // An etcd that answers and refuses, as one without space does, is told of in its own words.
            return Self.failure(error.isTransient ? .noEtcd : APIError(500, "\(error)"))
        } catch {
            logger.error("a request failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
            return Self.failure(APIError(500, "\(error)"))
        }
    }

    static func failure(_ error: APIError) -> APIResponse {
        do {
            return try .json(APIFailure(code: error.status, message: error.message), status: error.status)
        } catch {
            return .empty(500)
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ request: APIRequest) throws(APIError) -> Value {
        do {
            // To Go, null is an object without members.
            let isNull = request.body.elementsEqual("null".utf8)
            return try GoJSON.decode(type, isNull ? Array("{}".utf8) : request.body)
        } catch {
            throw APIError(400, "unable to decode body: \(error)")
        }
    }

    private func route(_ request: APIRequest) async throws -> APIResponse {
        if request.path == "/metrics" { return metrics() }
        await awaitStart()
        // The original answers nothing else before it is registered.
        if let presence, presence.session == nil {
            guard watch.snapshot != nil, presence.failure?.code == .machineLost else { throw APIError.noEtcd }
        }
        if let target = request.cleanTarget { return .moved(to: target, request.method) }
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard let rest = Self.withoutPrefix(parts) else {
            throw request.path == "/" ? APIError(405) : .notFound
        }
        if rest.isEmpty { throw APIError(405) }
        guard let resource = APIResource(rest) else { throw APIError.notFound }
        return try await answer(request, resource)
    }

    private func answer(_ request: APIRequest, _ resource: APIResource) async throws -> APIResponse {
        switch resource {
        case .units: try listUnits(request)
        case .unit(let name): try await unit(request, name)
        case .states: try listStates(request)
        case .state(let name): try state(request, name)
        case .machines: try await machines(request)
        case .discovery: try discovery(request)
        case .changes: try await changes(request)
        case .drains: try drains(request)
        case .drain(let machine): try await drain(request, machine)
        case .rebalance: try await rebalance(request)
        case .updates: try updates(request)
        case .update(let name): try await update(request, name)
        }
    }

    /// True where fleetd has neither read fleet's state and registered nor failed to. What it has read has to show its
    /// own machine: who asks right after a start counts it.
    private var isStarting: Bool {
        guard watch.failure == nil else { return false }
        guard let snapshot = watch.snapshot, let presence else { return watch.snapshot == nil }
        if let session = presence.session { return snapshot.revision < session.revision }
        return presence.failure == nil && !presence.isClosed
    }

    private func awaitStart() async {
        guard isStarting else { return }
        let (snapshots, sessions) = (watch.snapshots(), presence?.sessions())
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in snapshots { break }
                guard let sessions else { return }
                for await case let session? in sessions {
                    for await snapshot in watch.snapshots() where snapshot.revision >= session.revision { return }
                }
            }
            // A sleep fails only when it is cancelled, which ends the wait as it should.
            group.addTask { try? await Task.sleep(for: startLimit) }
            await group.next()
            group.cancelAll()
        }
    }

    private static func withoutPrefix(_ parts: [String]) -> [String]? {
        for prefix in [APIResource.prefix, APIResource.olderPrefix] {
            let prefix = prefix.split(separator: "/").map(String.init)
            if parts.starts(with: prefix) { return Array(parts.dropFirst(prefix.count)) }
        }
        return nil
    }

    func snapshot() throws(APIError) -> FleetSnapshot {
        guard let snapshot = watch.snapshot else { throw .noEtcd }
        return snapshot
    }

    func token(_ request: APIRequest) throws(APIError) -> PageToken {
        if request.repeatedQuery.contains("nextPageToken") {
            throw APIError(400, "too many values for page token")
        }
        guard let text = request.query["nextPageToken"] else { return PageToken(limit: tokenLimit, page: 1) }
        return try PageToken(text, limit: tokenLimit)
    }

    /// Waits until what was written can be read here, too.
    func settle(_ revision: Int64) async {
        if await !watch.wait(until: revision, within: copyLimit) {
            logger.warning("the copy of fleet's state is behind", metadata: ["revision": "\(revision)"])
        }
    }

    private func discovery(_ request: APIRequest) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(400, "only HTTP GET supported against this resource") }
        return APIResponse(status: 200, body: DiscoveryDocument.text)
    }

    private func metrics() -> APIResponse {
        let text = counters.text(watch.snapshot, machine: presence?.session?.machineID)
        return APIResponse(status: 200, contentType: "text/plain; version=0.0.4", body: text)
    }
}
