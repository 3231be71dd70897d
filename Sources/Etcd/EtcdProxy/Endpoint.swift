/// A host and a TCP port.
package struct Endpoint: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// A name or an address, without the brackets of IPv6.
    package var host: String
    /// TCP port.
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `http://host:port` (or `https`) as etcd's settings have it; a path is ignored.
    /// - Throws: ``ProxyError`` that quotes the text.
    package init(url: String) throws(ProxyError) {
        guard let scheme = url.firstRange(of: "://") else {
            throw ProxyError(.configuration, "\"\(url)\" is not a URL such as http://10.0.0.1:2379")
        }
        guard ["http", "https"].contains(url[..<scheme.lowerBound]) else {
            throw ProxyError(.configuration, "\"\(url)\": this proxy speaks http and https only")
        }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" }
        guard let colon = authority.lastIndex(of: ":"),
            let port = Int(authority[authority.index(after: colon)...]), (0...65535).contains(port)
        else {
            throw ProxyError(.configuration, "\"\(url)\" has no port")
        }
        var host = authority[..<colon]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw ProxyError(.configuration, "\"\(url)\" has no host") }
        self.init(host: String(host), port: port)
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Reachable from this machine only, or from nowhere: of no use as another machine's address.
    package var isLocal: Bool {
        host == "localhost" || host.hasPrefix("127.") || host == "::1" || host == "0.0.0.0" || host == "::"
    }

    package static func < (lhs: Endpoint, rhs: Endpoint) -> Bool { (lhs.host, lhs.port) < (rhs.host, rhs.port) }
}
