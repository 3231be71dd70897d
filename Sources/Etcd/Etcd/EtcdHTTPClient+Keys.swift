import Basics
import NIOCore

/// etcd's v2 keyspace: as much of it as a compare-and-swap of one key takes. etcd serves it up to 3.5, from 3.4 on only
/// with `--enable-v2` (https://etcd.io/docs/v2.3/api/).
extension EtcdHTTPClient {
    /// A key's value in the v2 keyspace.
    package struct LegacyValue: Sendable, Hashable {
        /// Value of the key.
        package var text: String
        /// `modifiedIndex`: what the next change must name.
        package var index: UInt64
    }

    /// Answer of etcd's v2 API.
    package enum LegacyAnswer: Sendable, Hashable {
        case value(LegacyValue)
        case absent
        /// This etcd has no v2 API.
        case notServed
    }

    /// - Parameter key: a path without a leading slash.
    package func legacyValue(of key: String) async throws(EtcdError) -> LegacyAnswer {
        try await inTurn(mayRepeat: true) { (endpoint) async throws(EtcdError) -> LegacyAnswer in
            let url = "\(endpoint)/v2/keys/\(key)?quorum=true"
            return try Self.legacyAnswer(try await transport.get(url, timeout: requestTimeout), from: url)
        }
    }

    /// Gives the key a value if it still has the one that was read, or still none.
    ///
    /// - Parameter index: of the value that was read; nil where there was none.
    /// - Returns: whether the key has the value now; false when somebody else was faster.
    package func setLegacyValue(of key: String, to text: String, after index: UInt64?) async throws(EtcdError) -> Bool {
        try await setLegacyValue(of: key, to: text, after: index, ttl: nil) != nil
    }

    /// Returns when the key has changed since it was read, or when the time is up.
    package func legacyChange(of key: String, after index: UInt64, within limit: Duration) async throws(EtcdError) {
        let url = "\(endpoints[router.current])/v2/keys/\(key)?wait=true&waitIndex=\(index + 1)"
        do {
            // Whatever is answered, the key has to be read again.
            _ = try await transport.get(url, timeout: limit)
        } catch let error where error.code == .timeout {
            return
        }
    }

    private static func legacyAnswer(_ answer: Transport.Answer, from url: String) throws(EtcdError) -> LegacyAnswer {
        switch answer.status {
        case 200:
            let found: Legacy.Answer = try GatewayCoding.decode(answer.body, from: url)
            guard let text = found.node.value else {
                throw EtcdError(.invalidAnswer, "\(url): this is a directory, not a key")
            }
            return .value(LegacyValue(text: text, index: found.node.modifiedIndex))
        case 404:
            // Without the API, the answer is the HTTP server's own page.
            let refusal: Legacy.Refusal? = try? GatewayCoding.decode(answer.body, from: url)
            return refusal == nil ? .notServed : .absent
        default:
            throw legacyRefusal(answer, url)
        }
    }

    static func legacyRefusal(_ answer: Transport.Answer, _ url: String) -> EtcdError {
        let refusal: Legacy.Refusal? = try? GatewayCoding.decode(answer.body, from: url)
        let code: EtcdError.Code = answer.status >= 500 ? .unavailable : .refused
        return EtcdError(code, "\(url): \(refusal?.message ?? "HTTP status \(answer.status)")")
    }

    enum Legacy {
        struct Answer: Decodable {
            struct Node: Decodable {
                var value: String?
                var modifiedIndex: UInt64
            }

            var node: Node
        }

        struct Refusal: Decodable {
            var errorCode: Int
            var message: String
        }
    }
}
