import Basics

/// A member of the cluster as the proxy needs it.
package struct ProxyMember: Sendable, Hashable {
    /// Peer addresses, which also serve the member list.
    package var peers: [Endpoint]
    /// Address that clients are forwarded to.
    package var client: Endpoint

    package init(peers: [Endpoint], client: Endpoint) {
        self.peers = peers
        self.client = client
    }

    /// Assumes etcd's usual client port on the peer's host, for a member whose client address is not known yet.
    package static func guess(peer: Endpoint) -> ProxyMember {
        ProxyMember(peers: [peer], client: Endpoint(host: peer.host, port: 2379))
    }

    /// Reads what a member serves as `/members` on its peer port, `[{"name":…,"peerURLs":[…],"clientURLs":[…]}]`, or as
    /// `/v2/members` on its client port, the same in `{"members":…}`. Members that have not started have no client URL
    /// and are left out.
    /// - Returns: nil when the text is neither.
    package static func list(json text: String) -> [ProxyMember]? {
        guard let value = JSONValue(text) else { return nil }
        let list = value["members"] ?? value
        guard case .array(let elements) = list else { return nil }
        return elements.compactMap(ProxyMember.init(json:))
    }

    private init?(json: JSONValue) {
        let peers = json["peerURLs"]?.endpoints ?? []
        let clients = json["clientURLs"]?.endpoints ?? []
        guard let client = clients.first(where: { !$0.isLocal }) ?? clients.first else { return nil }
        self.init(peers: peers, client: client.asSeenFromAfar(peers))
    }

    /// Returns the text of the cache on disk, in the format of etcd v2's proxy: `{"PeerURLs":[…]}`.
    package static func cacheText(_ members: [ProxyMember]) -> String {
        let peers = members.flatMap(\.peers).map { "\"http://\($0)\"" }.joined(separator: ",")
        let list = members.map { member in
            let peers = member.peers.map { "\"http://\($0)\"" }.joined(separator: ",")
            return "{\"peerURLs\":[\(peers)],\"clientURLs\":[\"http://\(member.client)\"]}"
        }
        return "{\"PeerURLs\":[\(peers)],\"members\":[\(list.joined(separator: ","))]}\n"
    }
}

extension JSONValue {
    fileprivate var endpoints: [Endpoint] {
        elements.compactMap { element in
            element.text.flatMap { text in try? Endpoint(url: text) }
        }
    }
}

extension Endpoint {
    /// A member that advertises `localhost` would make the proxy forward to itself: its peers' address is taken for it.
    fileprivate func asSeenFromAfar(_ peers: [Endpoint]) -> Endpoint {
        guard isLocal, let peer = peers.first(where: { !$0.isLocal }) else { return self }
        return Endpoint(host: peer.host, port: port)
    }
}
