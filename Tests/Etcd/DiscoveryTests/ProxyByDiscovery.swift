import EtcdProxy
import Logging
import NIOCore
import Testing

/// Runs a worker's proxy that learns etcd's members under a token.
///
/// - Parameter body: is told the port that the proxy serves.
func withProxy(
    discovery url: String,
    _ body: (Int) async throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let configuration = ProxyConfiguration(
        listen: [Endpoint(host: "127.0.0.1", port: 0)],
        peers: [],
        discovery: try DiscoveryURL(url),
    )
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let proxy = try EtcdProxyServer(configuration, logger: quiet)
    do {
        try await body(try #require(try await proxy.start().get().first, sourceLocation: sourceLocation))
    } catch {
        try await proxy.shutDown()
        throw error
    }
    try await proxy.shutDown()
}
