import Basics
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Everything the proxy knows, on one event loop: members, clients, and who is connected to whom.
final class ProxyCore {
    let loop: NIOIsolatedEventLoop
    let configuration: ProxyConfiguration
    let logger: Logger
    let notifier: ServiceNotifier
    /// For the proxy's own requests.
    let tls: NIOSSLContext?
    /// For requests to the discovery service.
    let discoveryTLS: NIOSSLContext?
    /// Last failure of the discovery service that was logged.
    var discoveryTrouble: String?
    /// True when an earlier run has left who the members are.
    let hasMemory: Bool
    private let cache: MemberCache?

    var table: MemberTable
    var clients = ClientTable()
    var refreshing = RefreshState()
    var probing: Set<Endpoint> = []
    /// Those by which members are probed.
    var connections: [Endpoint: MemberConnection] = [:]
    /// Members with which TLS fails, as was said in the log.
    var distrusted: Set<Endpoint> = []
    var probeRound = 0
    var isStopping = false
    private var listeners: [any Channel] = []

    init(
        _ configuration: ProxyConfiguration,
        _ tls: NIOSSLContext?,
        _ discoveryTLS: NIOSSLContext?,
        on loop: NIOIsolatedEventLoop,
        _ logger: Logger,
        _ notifier: ServiceNotifier,
    ) {
        self.loop = loop
        self.configuration = configuration
        self.tls = tls
        self.discoveryTLS = discoveryTLS
        self.logger = logger
        self.notifier = notifier
        cache = configuration.cacheFile.map(MemberCache.init(path:))
        table = MemberTable(peers: configuration.peers)
        let members = cache?.load() ?? []
        hasMemory = !members.isEmpty
        table.remembered(members)
    }

    /// Listens on all addresses.
    /// - Returns: the ports, in the configuration's order.
    func listen() -> EventLoopFuture<[Int]> {
        let core = NIOLoopBound(self, eventLoop: loop.nonisolated())
        let bound = configuration.listen.map { endpoint in
            bind(endpoint, core).flatMapErrorThrowing { error in
                throw ProxyError(.listen, "cannot listen on \(endpoint): \(error); is another etcd running?")
            }
        }
        return EventLoopFuture.whenAllSucceed(bound, on: loop.nonisolated()).map { channels in
            core.value.began(listeners: channels)
            return channels.map { $0.localAddress?.port ?? 0 }
        }
    }

    private func bind(_ endpoint: Endpoint, _ core: NIOLoopBound<ProxyCore>) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: loop.nonisolated())
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Out of descriptors: accepting pauses for a second instead of failing over and over.
                    let backoff = AcceptBackoffHandler(shouldForwardIOErrorCaught: false)
                    try channel.pipeline.syncOperations.addHandler(backoff)
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try core.value.accept(channel) }
            }
            .bind(host: endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host, port: endpoint.port)
    }

    private func began(listeners: [any Channel]) {
        self.listeners = listeners
        refresh()
        probeRegularly()
        refreshRegularly()
    }

    // MARK: Actions

    func perform(_ actions: [MemberTable.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: MemberTable.Action) {
        switch action {
        case .disconnect(let endpoint, let reason): disconnect(endpoint, reason)
        case .refresh: refresh()
        case .probe: probeAll()
        case .verify: verify(until: .now() + TimeAmount(configuration.doubtLimit))
        case .release: release()
        case .save(let members):
            if let failure = cache?.save(members) { logger.warning("the member list is not kept: \(failure)") }
        case .ready: becomeReady()
        case .log(let text): logger.info("\(text)")
        }
    }

    private func becomeReady() {
        logger.info("ready: a member answers")
        notify("READY=1\nSTATUS=Forwarding to \(table.endpoints.map(\.description).joined(separator: ", "))")
        release()
    }

    private func release() {
        for client in clients.takeWaiting() { connect(client) }
    }

    func notify(_ state: String) {
        guard let code = notifier.send(state) else { return }
        logger.warning("cannot notify systemd: errno \(code)")
    }

    // MARK: The end

    /// Stops listening, leaves answers that are under way a moment, and closes every connection.
    func stop(grace: TimeAmount) -> EventLoopFuture<Void> {
        isStopping = true
        notify("STOPPING=1")
        for listener in listeners { listener.close(promise: nil) }
        let done = loop.nonisolated().makePromise(of: Void.self)
        loop.scheduleTask(in: clients.isEmpty ? .zero : grace) {
            self.clients.closeAll()
            for connection in self.connections.values { connection.close() }
            done.succeed()
        }
        return done.futureResult
    }
}
