/// A request as far as the protocol needs it.
package struct DiscoveryRequest: Sendable, Hashable {
    /// HTTP method, in capitals.
    package var method: String
    /// Without its query, and with percent signs decoded.
    package var path: [String]
    /// Query parameters, percent-decoded.
    package var query: [String: String]
    /// The fields of a form.
    package var form: [String: String]
    /// The host and port by which the client reached the service.
    package var host: String

    /// Parses the target of a request and the form in its body.
    package init(_ method: String, _ target: String, body: String = "", host: String = "127.0.0.1") {
        let path = target.prefix { $0 != "?" }
        self.method = method
        self.path = path.split(separator: "/").map { Self.decode($0) }
        query = Self.fields(target.dropFirst(path.count + 1))
        form = Self.fields(body[...])
        self.host = host
    }

    private static func fields(_ text: Substring) -> [String: String] {
        let pairs = text.split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (decode(name), decode(pair.dropFirst(name.count + 1)))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// What is no percent encoding stays as it is.
    private static func decode(_ text: Substring) -> String {
        var rest = Array(text.utf8)[...]
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            if byte == UInt8(ascii: "%"), digits.count == 2, let code {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// An answer in the words of etcd's version 2.
package struct DiscoveryResponse: Sendable, Hashable {
    /// HTTP status.
    package var status: Int
    /// Body of the response.
    package var body: String
    /// For the header `X-Etcd-Index`, which clients count on.
    package var index: UInt64
    /// Media type of the body.
    package var contentType = "application/json"
}
