import NIOCore
import NIOPosix

/// Finds a member for one client: tries the members in order, the next one as soon as an attempt fails or has taken too
/// long to wait for alone, and keeps the first that answers. Lives on one event loop.
final class HedgedDial {
    private let loop: NIOIsolatedEventLoop
    private let hedgeDelay: TimeAmount
    private let dialTimeout: TimeAmount
    private let failed: (Endpoint) -> Void
    private let finish: ((any Channel, Endpoint)?) -> Void
    private var candidates: ArraySlice<Endpoint>
    private var inFlight = 0
    private var isOver = false

    /// - Parameter failed: called for every member that could not be reached.
    /// - Parameter finish: gets the connection, or nil when no member could be reached.
    init(
        _ candidates: [Endpoint],
        on loop: NIOIsolatedEventLoop,
        _ configuration: ProxyConfiguration,
        failed: @escaping (Endpoint) -> Void,
        finish: @escaping ((any Channel, Endpoint)?) -> Void,
    ) {
        self.loop = loop
        self.candidates = candidates[...]
        self.hedgeDelay = TimeAmount(configuration.hedgeDelay)
        self.dialTimeout = TimeAmount(configuration.dialTimeout)
        self.failed = failed
        self.finish = finish
    }

    func start() { tryNext() }

    /// Forgets everything; `finish` is not called any more.
    func cancel() { isOver = true }

    private func tryNext() {
        guard !isOver, let endpoint = candidates.popFirst() else { return endIfNothingIsLeft() }
        inFlight += 1
        ClientBootstrap(group: loop.nonisolated())
            .connectTimeout(dialTimeout)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connect(host: endpoint.host, port: endpoint.port)
            .assumeIsolated()
            .whenComplete { self.ended(endpoint, $0) }
        guard !candidates.isEmpty else { return }
        let left = candidates.count
        loop.scheduleTask(in: hedgeDelay) {
            if self.candidates.count == left { self.tryNext() }
        }
    }

    private func ended(_ endpoint: Endpoint, _ result: Result<any Channel, any Error>) {
        inFlight -= 1
        switch result {
        case .success(let channel) where isOver:
            channel.close(promise: nil)
        case .success(let channel):
            isOver = true
            finish((channel, endpoint))
        case .failure:
            failed(endpoint)
            tryNext()
        }
    }

    private func endIfNothingIsLeft() {
        guard !isOver, inFlight == 0 else { return }
        isOver = true
        finish(nil)
    }
}
