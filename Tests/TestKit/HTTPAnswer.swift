/// An HTTP answer as a test wants to see it.
package struct HTTPAnswer: Sendable, Hashable {
    /// HTTP status.
    package var status: Int
    /// Header fields by their names in lower case; of those that come twice, the last.
    package var headers: [String: String]
    /// Chunked bodies are joined.
    package var body: String

    /// - Parameter raw: everything the server sent on a connection it closed.
    init?(raw: [UInt8]) {
        let text = String(decoding: raw, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.lowerBound].split(separator: "\r\n")
        let words = head.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        self.status = status
        let fields = head.dropFirst().compactMap { line -> (String, String)? in
            let name = line.prefix { $0 != ":" }
            return (name.lowercased(), String(line.dropFirst(name.count + 1).drop { $0 == " " }))
        }
        headers = Dictionary(fields) { _, last in last }
        let isChunked = head.contains { $0.lowercased() == "transfer-encoding: chunked" }
        body = isChunked ? Self.joinChunks(text[end.upperBound...]) : String(text[end.upperBound...])
    }

    private static func joinChunks(_ text: Substring) -> String {
        var rest = Array(text.utf8)[...]
        var joined: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let size = String(decoding: rest[..<lineEnd], as: UTF8.self).trimming
            guard let count = Int(size, radix: 16), count > 0 else { break }
            joined += rest[(lineEnd + 1)...].prefix(count)
            rest = rest[(lineEnd + 1)...].dropFirst(count + 2)
        }
        return String(decoding: joined, as: UTF8.self)
    }
}

extension String {
    fileprivate var trimming: Substring {
        self[...].drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
    }
}
