import Basics
import TopologyModel

/// etcd's addresses on a node.
enum EtcdURL {
    static func scheme(tls: Bool) -> String { tls ? "https" : "http" }
    /// The address in a URL of etcd's.
    static func host(of url: String) -> String {
        String(url.split(separator: "/").last?.split(separator: ":").first ?? "")
    }
    static func client(_ address: IPv4Address, tls: Bool) -> String { "\(scheme(tls: tls))://\(address):2379" }
    static func peer(_ address: IPv4Address, tls: Bool) -> String { "\(scheme(tls: tls))://\(address):2380" }
}
