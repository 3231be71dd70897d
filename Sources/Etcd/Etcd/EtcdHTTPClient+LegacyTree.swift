import Basics

/// etcd's v2 keyspace as a whole, to be kept and put back. Keys whose name begins with `_` are hidden from lists, so
/// that they are not among them.
extension EtcdHTTPClient {
    /// A key or a directory of the v2 keyspace.
    package struct LegacyKey: Sendable, Hashable, Codable {
        /// Path with a leading slash.
        package var key: String
        /// Nil for a directory.
        package var value: String?
        /// Seconds that are left of its time to live; nil where it has none.
        package var ttl: Int?

        package init(key: String, value: String?, ttl: Int? = nil) {
            (self.key, self.value, self.ttl) = (key, value, ttl)
        }
    }

    /// Every key, and every directory that is empty or has a time to live, in the order in which they were made, which
    /// queues depend on.
    ///
    /// - Returns: nil where this etcd has no v2 API.
    package func legacyKeys() async throws(EtcdError) -> [LegacyKey]? {
        try await inTurn(mayRepeat: true) { (endpoint) async throws(EtcdError) -> [LegacyKey]? in
            try await legacyKeys(at: "\(endpoint)/v2/keys/?recursive=true&quorum=true")
        }
    }

    /// The same as one member has them, which need not be what the others have by now; it answers without a majority, too.
    package func legacyKeys(asOf endpoint: String) async throws(EtcdError) -> [LegacyKey]? {
        try await legacyKeys(at: "\(endpoint)/v2/keys/?recursive=true")
    }

    private func legacyKeys(at url: String) async throws(EtcdError) -> [LegacyKey]? {
        let answer = try await transport.get(url, timeout: requestTimeout)
        if answer.status == 404 { return nil }
        guard answer.status == 200 else { throw Transport.refusal(answer, url) }
        let tree: LegacyTree = try GatewayCoding.decode(answer.body, from: url)
        return tree.node.keys.sorted { ($0.created, $0.key.key) < ($1.created, $1.key.key) }.map(\.key)
    }

    /// Writes a key or makes a directory, whatever was there before.
    package func putLegacy(_ wanted: LegacyKey) async throws(EtcdError) {
        let path = wanted.key.split(separator: "/").map { PercentEncoding.encode(String($0)) }.joined(separator: "/")
        var form = wanted.value.map { "value=\(PercentEncoding.encode($0))" } ?? "dir=true"
        if let ttl = wanted.ttl { form += "&ttl=\(max(ttl, 1))" }
        try await inTurn(mayRepeat: true) { [form] (endpoint) async throws(EtcdError) in
            let url = "\(endpoint)/v2/keys/\(path)"
            let answer = try await transport.put(url, form: form, timeout: requestTimeout)
            // 403 is error 102: a directory that is there already.
            let isThere = wanted.value == nil && answer.status == 403
            guard answer.status == 200 || answer.status == 201 || isThere else {
                throw Transport.refusal(answer, url)
            }
        }
    }
}

/// etcd's answer to a recursive read of the v2 keyspace.
private struct LegacyTree: Decodable {
    struct Node: Decodable {
        var key: String?
        var value: String?
        var dir: Bool?
        var ttl: Int?
        var createdIndex: UInt64?
        var nodes: [Node]?

        var keys: [(created: UInt64, key: EtcdHTTPClient.LegacyKey)] {
            let isDirectory = dir ?? false
            let inner = (nodes ?? []).flatMap(\.keys)
            guard let key, !isDirectory || inner.isEmpty || ttl != nil else { return inner }
            let own = EtcdHTTPClient.LegacyKey(key: key, value: isDirectory ? nil : value ?? "", ttl: ttl)
            return [(createdIndex ?? 0, own)] + inner
        }
    }

    var node: Node
}
