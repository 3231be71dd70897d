import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps a listening socket from taking more connections than the program has descriptors to spare for it: those over
/// the limit wait in the kernel until others end. It belongs into the listening channel's pipeline.
///
/// Each listener has a limit of its own, so that the network cannot lock out a unix socket.
package final class ConnectionLimit: ChannelDuplexHandler {
    /// A connection that was taken.
    package typealias InboundIn = any Channel
    /// The same connection.
    package typealias InboundOut = any Channel
    /// Nothing is written to a listening socket.
    package typealias OutboundIn = Never
    /// Nothing is written to a listening socket.
    package typealias OutboundOut = Never

    /// Connections of a listener, unless the process may have too few descriptors for that: it needs the others for
    /// what it asks itself, and for files.
    package static let standard: Int = {
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

    package init(_ limit: Int) { self.limit = limit }

    /// Takes the next connection, unless there are as many as there may be.
    package func read(context: ChannelHandlerContext) {
        if open < limit { context.read() } else { isHeldBack = true }
    }

    /// Counts a connection until it is closed.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
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
