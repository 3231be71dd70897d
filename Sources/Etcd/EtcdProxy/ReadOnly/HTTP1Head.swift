/// The head of an HTTP/1 request, read strictly: what could be read in two ways is not read at all.
struct HTTP1Head {
    var method: String
    var path: String
    /// Nil when the request does not say, or says it by other means than a length.
    var bodyLength: Int?
    var expectsContinue = false
    /// The head as a member gets it: with this hop's own headers, and for one request only.
    var forwarded: String

    private static let ownHeaders: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "upgrade", "http2-settings", "expect",
    ]

    /// The index after the empty line; nil while it is not there.
    static func end(in bytes: [UInt8]) -> Int? {
        var lineLength = 0
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 0x0A where lineLength == 0 && index > 0: return index + 1
            case 0x0A: lineLength = 0
            case 0x0D: break
            default: lineLength += 1
            }
        }
        return nil
    }

    init?(_ bytes: ArraySlice<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.last == "\r" ? line.dropLast() : line)
        }
        guard !lines.contains(where: { $0.unicodeScalars.contains { $0 == "\r" || $0 == "\0" } }) else { return nil }
        let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[1].hasPrefix("/"), ["HTTP/1.0", "HTTP/1.1"].contains(words[2]),
            !words[0].isEmpty, words[0].utf8.allSatisfy({ (0x41...0x5A).contains($0) })
        else { return nil }
        (method, path) = (String(words[0]), String(words[1]))
        var lengths: [Int?] = []
        var isChunked = false
        var kept = [lines[0]]
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":"), let first = line.utf8.first, first > 0x20 else { return nil }
            let name = line[..<colon].lowercased()
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            let value = line[line.index(after: colon)...].filter { $0 != " " && $0 != "\t" }
            switch name {
            case "content-length":
                let isNumber = value.utf8.allSatisfy { (0x30...0x39).contains($0) }
                lengths.append(isNumber ? Int(value) : nil)
            case "transfer-encoding": isChunked = true
            case "expect": expectsContinue = true
            default: break
            }
            if !Self.ownHeaders.contains(name) { kept.append(line) }
        }
        guard lengths.count < 2, lengths.allSatisfy({ $0 != nil }) else { return nil }
        bodyLength = isChunked ? nil : (lengths.first ?? 0)
        forwarded = (kept + ["Connection: close", "", ""]).joined(separator: "\r\n")
    }
}
