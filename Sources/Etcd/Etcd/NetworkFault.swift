import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reason why a server gave no answer, for people: without the libraries' own terms.
package struct NetworkFault: Error, CustomStringConvertible {
    package let description: String

    /// - Parameter timeout: how long was waited for an answer.
    package init(_ error: any Error, timeout: Duration) {
        description =
            switch error {
            case let error as IOError: String(cString: strerror(error.errnoCode))
            case let error as NIOConnectionError: Self.words(error)
            case let error as HTTPClientError: Self.words(error, timeout)
            case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
                "TLS handshake failed: a certificate is missing or not trusted"
            case is ChannelError: "the connection was closed before there was an answer"
            default: "no connection"
            }
    }

    private static func words(_ error: NIOConnectionError) -> String {
        let tried = error.connectionErrors.lazy.compactMap { $0.error as? IOError }.first
        if let tried { return String(cString: strerror(tried.errnoCode)) }
        return error.connectionErrors.isEmpty ? "no address of host \(error.host) is known" : "no connection"
    }

    private static func words(_ error: HTTPClientError, _ timeout: Duration) -> String {
        switch error {
        case .connectTimeout, .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout,
            .tlsHandshakeTimeout:
            "no answer within \(timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000) ms"
        case .remoteConnectionClosed: "the connection was closed before there was an answer"
        default: "the answer is not HTTP"
        }
    }
}
