import Basics

/// URL of a token of etcd's discovery protocol, version 2, under which a cluster's first members are registered
/// (`ETCD_DISCOVERY`).
///
/// A proxy only reads there and never registers, so that it takes no member's place.
package struct DiscoveryURL: Sendable, Hashable, CustomStringConvertible {
    /// Host and port of the service.
    package var endpoint: Endpoint
    /// The token's own path, as `/v2/keys/discovery/TOKEN`.
    package var path: String
    /// True for `https`.
    package var usesTLS: Bool

    /// - Throws: ``ProxyError`` that quotes the text.
    package init(_ text: String) throws(ProxyError) {
        let isTLS = text.hasPrefix("https://")
        guard isTLS || text.hasPrefix("http://") else {
            throw ProxyError(.configuration, "ETCD_DISCOVERY is \"\(text)\", not a URL such as http://host:8087/TOKEN")
        }
        let rest = text.dropFirst(isTLS ? 8 : 7)
        let authority = rest.prefix { $0 != "/" }
        let path = String(rest.dropFirst(authority.count))
        guard path.contains(where: { $0 != "/" }) else {
            throw ProxyError(.configuration, "ETCD_DISCOVERY is \"\(text)\": a URL with a token ends in the token")
        }
        // After the last bracket, a colon is a port's and not an address's.
        let host = authority.lastIndex(of: "]").map { authority[$0...] } ?? authority
        let port = host.contains(":") ? "" : isTLS ? ":443" : ":80"
        endpoint = try Endpoint(url: "http://\(authority)\(port)")
        self.path = path
        usesTLS = isTLS
    }

    package var description: String { "\(usesTLS ? "https" : "http")://\(endpoint)\(path)" }

    /// The first members' peer URLs out of the token's listing: `name=URL`, several joined by `&`, in each node's
    /// value. Whoever registered after the last place was taken is no member.
    ///
    /// - Parameter size: how many places there are; nil where that could not be learned.
    /// - Returns: nil when the text is no such listing.
    package static func peers(listing text: String, size: Int?) -> [Endpoint]? {
        guard let nodes = JSONValue(text)?["node"]?["nodes"] else { return nil }
        let members = nodes.elements.filter { $0["value"]?.text != nil && $0["dir"] != .bool(true) }
        let inOrder = members.sorted { created($0) < created($1) }
        return inOrder.prefix(size ?? inOrder.count).flatMap { node in
            (node["value"]?.text ?? "").split(separator: "&").compactMap { entry in
                let url = entry.firstIndex(of: "=").map { entry[entry.index(after: $0)...] } ?? entry
                return try? Endpoint(url: String(url))
            }
        }
    }

    /// The number of places, out of `_config/size`.
    package static func size(_ text: String) -> Int? { JSONValue(text)?["node"]?["value"]?.text.flatMap { Int($0) } }

    private static func created(_ node: JSONValue) -> UInt64 {
        guard case .number(let digits)? = node["createdIndex"] else { return .max }
        return UInt64(digits) ?? .max
    }
}
