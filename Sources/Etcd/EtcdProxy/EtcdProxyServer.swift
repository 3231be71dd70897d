import Basics
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import TransportSecurity

/// Local proxy of etcd: forwards connections to the cluster's members, whatever protocol they carry.
///
/// It learns the members from the cluster itself and follows changes; new connections go to members that are well, and
/// connections to members that are found dead are closed, so that their clients come back at once.
package final class EtcdProxyServer: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let core: EventLoopFuture<NIOLoopBound<ProxyCore>>

    /// - Throws: ``ProxyError`` for certificates that cannot be read, and for TLS where requests must be looked at.
    package init(
        _ configuration: ProxyConfiguration,
        logger: Logger,
        notifier: ServiceNotifier = ServiceNotifier(address: nil),
    ) throws(ProxyError) {
        if configuration.mode == .readonly, configuration.tls != nil {
            throw ProxyError(
                .configuration,
                "ETCD_PROXY=readonly cannot tell reads from writes within TLS; use on, or members with http",
            )
        }
        let tls: NIOSSLContext?
        do {
            tls = try configuration.tls?.identity()?.context
        } catch {
            throw ProxyError(.configuration, "invalid client certificate, key or CA: \(error)")
        }
        let discoveryTLS = configuration.discovery?.usesTLS == true ? try Self.publicTLS() : nil
        let loop = group.next()
        core = loop.submit {
            let isolated = loop.assumeIsolated()
            let core = ProxyCore(configuration, tls, discoveryTLS, on: isolated, logger, notifier)
            return NIOLoopBound(core, eventLoop: loop)
        }
    }

    /// Trusts whom the machine trusts.
    private static func publicTLS() throws(ProxyError) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: .makeClientConfiguration())
        } catch {
            throw ProxyError(.configuration, "ETCD_DISCOVERY: this machine's own CAs cannot be read: \(error)")
        }
    }

    /// Listens, and starts the discovery of members.
    /// - Returns: the ports listened on, in the configuration's order.
    package func start() -> EventLoopFuture<[Int]> {
        core.flatMap { $0.value.listen() }
    }

    /// Closes everything; answers that are under way have a moment to end.
    package func stop(grace: TimeAmount = .milliseconds(200)) -> EventLoopFuture<Void> {
        core.flatMap { $0.value.stop(grace: grace) }
    }

    /// For a main program: listens, blocks the calling thread for as long as `wait` does, and closes everything.
    package func serve(until wait: () -> Void) throws {
        _ = try start().wait()
        wait()
        try stop().wait()
    }

    /// Ends the event loop's thread as well.
    package func shutDown() async throws {
        try await stop(grace: .zero).get()
        try await group.shutdownGracefully()
    }
}
