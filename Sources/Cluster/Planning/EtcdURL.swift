import Basics
import TopologyModel

/// URL of an etcd member or proxy: scheme, host, and the port for clients or for other members.
struct EtcdURL: Sendable, Hashable, CustomStringConvertible {
    /// What listens behind a port.
    enum Port: Int, Sendable {
        case client = 2379
        case peer = 2380
    }

    var scheme: String
    var host: String
    var port: Int?

    /// Parses a URL as etcd lists it; nil for a text that is none.
    init?(_ text: String) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        let authority = text[separator.upperBound...].prefix { $0 != "/" }.split(separator: ":")
        guard let host = authority.first else { return nil }
        (scheme, self.host) = (String(text[..<separator.lowerBound]), String(host))
        port = authority.dropFirst().first.flatMap { Int($0) }
    }

    private init(_ address: IPv4Address, _ port: Port, tls: Bool) {
        (scheme, host, self.port) = (Self.scheme(tls: tls), "\(address)", port.rawValue)
    }

    var description: String { "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "") }

    static func scheme(tls: Bool) -> String { tls ? "https" : "http" }
    static func client(_ address: IPv4Address, tls: Bool) -> String { "\(EtcdURL(address, .client, tls: tls))" }
    static func peer(_ address: IPv4Address, tls: Bool) -> String { "\(EtcdURL(address, .peer, tls: tls))" }

    /// The host in a URL of etcd's; empty for a text that is none.
    static func host(of url: String) -> String { EtcdURL(url)?.host ?? "" }

    /// The URL for clients of a member, from that for other members; a URL with another port stays as it is.
    static func client(ofPeer url: String) -> String {
        guard var parts = EtcdURL(url) else { return url }
        guard parts.port == Port.peer.rawValue else { return url }
        parts.port = Port.client.rawValue
        return "\(parts)"
    }
}
