import Basics

/// Address of fleet's API: `unix:///var/run/fleet.sock`, `http://10.0.0.5:49153`, `https://…`.
package enum FleetEndpoint: Sendable, Hashable {
    case unix(path: String)
    /// `http` or `https`, and host with port.
    case tcp(scheme: String, authority: String)

    /// Address that fleetd listens on by default.
    package static let standard = "unix:///var/run/fleet.sock"

    /// Parses a URL or the path of a socket.
    package init(_ text: String) throws {
        guard let separator = text.firstRange(of: "://") else {
            throw FleetctlError(.usage, "\"\(text)\" is no endpoint: write unix:///path/to/socket or http://host:port")
        }
        let scheme = String(text[..<separator.lowerBound])
        let rest = String(text[separator.upperBound...])
        switch scheme {
        case "unix", "file":
            guard rest.hasPrefix("/"), rest.count > 1 else {
                throw FleetctlError(
                    .usage,
                    "the endpoint \"\(text)\" needs an absolute path: \(FleetEndpoint.standard)"
                )
            }
            self = .unix(path: rest)
        case "http", "https":
            let authority = rest.prefix { $0 != "/" }
            guard !authority.isEmpty, rest.drop(while: { $0 != "/" }).allSatisfy({ $0 == "/" }) else {
                throw FleetctlError(.usage, "the endpoint \"\(text)\" must be \(scheme)://host:port without a path")
            }
            self = .tcp(scheme: scheme, authority: String(authority))
        default:
            throw FleetctlError(.usage, "the endpoint \"\(text)\" must begin with unix://, http:// or https://")
        }
    }

    /// The URL of a request, as AsyncHTTPClient writes those to a unix socket.
    package func url(of target: String) -> String {
        switch self {
        case .unix(let path): "http+unix://\(PercentEncoding.encode(path))\(target)"
        case .tcp(let scheme, let authority): "\(scheme)://\(authority)\(target)"
        }
    }
}

extension FleetEndpoint: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let scheme, let authority): "\(scheme)://\(authority)"
        }
    }
}
