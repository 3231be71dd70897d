import Basics
import Systemd

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A socket on which the API is served.
package enum APIListener: Sendable, Hashable, CustomStringConvertible {
    /// Opened by systemd: unix or TCP.
    case inherited(ListenSocket)
    /// Made by fleetd.
    case unix(path: String)
    case tcp(host: String, port: Int)

    /// - Parameter text: `unix:///path` or `tcp://address:port`, as in `api_listen`.
    init(_ text: String) throws(FleetError) {
        if text.hasPrefix("unix:///") {
            self = .unix(path: String(text.dropFirst("unix://".count)))
            return
        }
        let address = text.hasPrefix("tcp://") ? text.dropFirst("tcp://".count) : ""
        let colon = address.lastIndex(of: ":") ?? address.endIndex
        let host = address[..<colon].trimmed { $0 == "[" || $0 == "]" }
        guard let port = Int(address[colon...].dropFirst()), (0...65535).contains(port), !host.isEmpty else {
            throw FleetError(
                .configuration,
                "\"\(text)\" is not an address to listen on; write unix:///path or tcp://address:port",
            )
        }
        self = .tcp(host: host, port: port)
    }

    /// True for a unix socket, whose client the kernel identifies.
    var isLocal: Bool {
        switch self {
        case .unix: return true
        case .tcp: return false
        case .inherited(let socket):
            var address = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let result = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getsockname(socket.descriptor, $0, &size)
                }
            }
            return result == 0 && Int32(address.ss_family) == AF_UNIX
        }
    }

    /// True where other machines can reach it.
    var isOpen: Bool {
        switch self {
        case .tcp(let host, _): host != "localhost" && host != "::1" && !host.hasPrefix("127.")
        case .unix: false
        case .inherited: !isLocal
        }
    }

    package var description: String {
        switch self {
        case .inherited(let socket): "socket \(socket.descriptor) of \(socket.name)"
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): "tcp:\(host):\(port)"
        }
    }
}
