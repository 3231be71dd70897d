import Basics
import NIOCore

/// A directory of etcd's v2 keyspace, whose keys have times to live and are changed by comparison.
extension EtcdHTTPClient {
    /// A key below a directory of the v2 keyspace.
    package struct LegacyEntry: Sendable, Hashable {
        /// Path with a leading slash.
        package var key: String
        /// Value of the key.
        package var value: String
        /// `modifiedIndex`: what the next change must name.
        package var index: UInt64
        /// Seconds that are left of its time to live; nil where it has none.
        package var ttl: Int?
    }

    /// Keys of a directory at one moment.
    package struct LegacyListing: Sendable, Hashable {
        /// All keys below it, at any depth.
        package var entries: [LegacyEntry]
        /// State of the keyspace; a wait for changes after it misses none.
        package var index: UInt64
    }

    /// Lists the keys below a directory; one that does not exist has none.
    ///
    /// - Parameter directory: a path without a leading slash.
    /// - Returns: nil where this etcd has no v2 API.
    package func legacyListing(of directory: String) async throws(EtcdError) -> LegacyListing? {
        try await inTurn(mayRepeat: true) { (endpoint) async throws(EtcdError) -> LegacyListing? in
            let url = "\(endpoint)/v2/keys/\(directory)?recursive=true&quorum=true"
            let answer = try await transport.get(url, timeout: requestTimeout)
            switch answer.status {
            case 200:
                let found: Tree = try GatewayCoding.decode(answer.body, from: url)
                return LegacyListing(entries: found.node.entries, index: try Self.index(of: answer, url))
            case 404:
                // Without the API, the answer is the HTTP server's own page.
                guard (try? GatewayCoding.decode(answer.body, from: url) as Legacy.Refusal) != nil else { return nil }
                return LegacyListing(entries: [], index: try Self.index(of: answer, url))
            default: throw Self.legacyRefusal(answer, url)
            }
        }
    }

    /// Returns when something below the directory has changed since it was listed, or when the time is up.
    package func legacyChange(
        below directory: String,
        after index: UInt64,
        within limit: Duration,
    ) async throws(EtcdError) {
        try await inTurn(mayRepeat: true) { (endpoint) async throws(EtcdError) in
            let url = "\(endpoint)/v2/keys/\(directory)?wait=true&recursive=true&waitIndex=\(index + 1)"
            do throws(EtcdError) {
                // What changed does not matter, nor whether etcd still knows (status 400): it has to be listed again.
                let answer = try await transport.get(url, timeout: limit)
                guard answer.status < 500 else { throw Self.legacyRefusal(answer, url) }
            } catch let error where error.code == .timeout {
                return
            }
        }
    }

    /// Gives the key a value if it still has the one that was read, or still none.
    ///
    /// - Parameters:
    ///   - index: of the value that was read; nil where there was none.
    ///   - ttl: seconds after which the key is gone; nil for never.
    /// - Returns: the value's own index; nil when somebody else was faster.
    package func setLegacyValue(
        of key: String,
        to text: String,
        after index: UInt64?,
        ttl: Int?,
    ) async throws(EtcdError) -> UInt64? {
        let condition = index.map { "prevIndex=\($0)" } ?? "prevExist=false"
        // Without one, the key loses that which it may have had.
        let time = ttl.map { "&ttl=\($0)" } ?? ""
        let form = "value=\(PercentEncoding.encode(text))\(time)"
        return try await inTurn(mayRepeat: false) { (endpoint) async throws(EtcdError) -> UInt64? in
            let url = "\(endpoint)/v2/keys/\(key)?\(condition)"
            let answer = try await transport.put(url, form: form, timeout: requestTimeout)
            // 412 is for errors 101 (compare failed) and 105 (the key exists already); 404 for a key that is gone.
            if answer.status == 412 || answer.status == 404 { return nil }
            guard answer.status == 200 || answer.status == 201 else { throw Self.legacyRefusal(answer, url) }
            let written: Tree = try GatewayCoding.decode(answer.body, from: url)
            guard let index = written.node.modifiedIndex else {
                throw EtcdError(.invalidAnswer, "\(url): no modifiedIndex")
            }
            return index
        }
    }

    /// Removes the key if it still has the value that was read.
    ///
    /// - Returns: whether it is gone by this; false when it was gone or changed.
    @discardableResult
    package func removeLegacyValue(of key: String, at index: UInt64) async throws(EtcdError) -> Bool {
        try await inTurn(mayRepeat: false) { (endpoint) async throws(EtcdError) -> Bool in
            let url = "\(endpoint)/v2/keys/\(key)?prevIndex=\(index)"
            let answer = try await transport.delete(url, timeout: requestTimeout)
            if answer.status == 412 || answer.status == 404 { return false }
            guard answer.status == 200 else { throw Self.legacyRefusal(answer, url) }
            return true
        }
    }

    private static func index(of answer: Transport.Answer, _ url: String) throws(EtcdError) -> UInt64 {
        guard let index = answer.legacyIndex else { throw EtcdError(.invalidAnswer, "\(url): no X-Etcd-Index") }
        return index
    }
}

/// etcd's answer about a key or a directory.
private struct Tree: Decodable {
    struct Node: Decodable {
        var key: String?
        var value: String?
        var dir: Bool?
        var ttl: Int?
        var modifiedIndex: UInt64?
        var nodes: [Node]?

        var entries: [EtcdHTTPClient.LegacyEntry] {
            if dir == true { return (nodes ?? []).flatMap(\.entries) }
            guard let key, let modifiedIndex else { return [] }
            return [EtcdHTTPClient.LegacyEntry(key: key, value: value ?? "", index: modifiedIndex, ttl: ttl)]
        }
    }

    var node: Node
}
