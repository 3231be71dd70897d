import Systemd

/// A socket on which the API is served.
package enum APIListener: Sendable, Hashable, CustomStringConvertible {
    /// Opened by systemd: unix or TCP.
    case inherited(ListenSocket)
    /// Made by fleetd.
    case unix(path: String)
    case tcp(host: String, port: Int)

    package var description: String {
        switch self {
        case .inherited(let socket): "socket \(socket.descriptor) of \(socket.name)"
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): "tcp:\(host):\(port)"
        }
    }
}
