import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps a listening socket from taking more connections than fleetd has descriptors to spare for it: those over the
/// limit wait in the kernel until others end.
///
/// Each listener has a limit of its own, so that the network cannot lock out the unix socket.
final class ConnectionLimit: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    /// Connections of a listener, unless the process may have too few descriptors for that: fleetd needs the others for
    /// etcd, systemd and its files.
    static let standard: Int = {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 64 }
        return max(16, min(512, (Int(clamping: limit.rlim_cur) - 128) / 4))
    }()

    private let limit: Int
    private var open = 0
    private var isHeldBack = false

    init(_ limit: Int) { self.limit = limit }

    func read(context: ChannelHandlerContext) {
        if open < limit { context.read() } else { isHeldBack = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open += 1
        let server = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        unwrapInboundIn(data).closeFuture.whenComplete { _ in
            loop.execute { server.value.handler.oneHasClosed(server.value.context) }
        }
        context.fireChannelRead(data)
    }

    private func oneHasClosed(_ context: ChannelHandlerContext) {
        open -= 1
        guard isHeldBack, open < limit else { return }
        isHeldBack = false
        context.read()
    }
}

/// Connections whose first request has not come: they are closed after a while, during a handshake as well.
final class FirstRequests: Sendable {
    private let waiting = Mutex<Set<ObjectIdentifier>>([])
    private let limit: TimeAmount

    init(within limit: TimeAmount) { self.limit = limit }

    func expect(on channel: any Channel) {
        let id = ObjectIdentifier(channel)
        waiting.withLock { _ = $0.insert(id) }
        let deadline = channel.eventLoop.scheduleTask(in: limit) { [self] in
            if came(on: id) { channel.close(promise: nil) }
        }
        channel.closeFuture.whenComplete { [self] _ in
            deadline.cancel()
            came(on: id)
        }
    }

    func came(on channel: any Channel) { came(on: ObjectIdentifier(channel)) }

    /// - Returns: whether it was waited for.
    @discardableResult
    private func came(on id: ObjectIdentifier) -> Bool { waiting.withLock { $0.remove(id) != nil } }
}
