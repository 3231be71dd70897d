/// The parts of an `http://` URL that a request needs.
struct WebAddress: Sendable, Hashable {
    var host: String
    var port: String
    /// With the query.
    var path: String

    /// Nil for anything but a plain HTTP URL.
    init?(_ url: String) {
        let scheme = "http://"
        guard url.lowercased().hasPrefix(scheme) else { return nil }
        let isClean = url.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
        let rest = url.dropFirst(scheme.count).prefix { $0 != "#" }
        var authority = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest.dropFirst(authority.count)
        path = tail.hasPrefix("/") ? String(tail) : "/\(tail)"
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        var name = authority
        var number = Substring("80")
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            name = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            if after.hasPrefix(":") { number = after.dropFirst() }
        } else if let colon = authority.lastIndex(of: ":") {
            name = authority[..<colon]
            number = authority[authority.index(after: colon)...]
        }
        guard isClean, !name.isEmpty, UInt16(number) != nil else { return nil }
        (host, port) = (String(name), String(number))
    }

    /// As the `Host` header has it.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == "80" ? name : "\(name):\(port)"
    }

    /// Where a `Location` leads from here.
    func resolved(_ location: String) -> String {
        if location.contains("://") { return location }
        if location.hasPrefix("//") { return "http:\(location)" }
        if location.hasPrefix("/") { return "http://\(authority)\(location)" }
        let directory = path.prefix { $0 != "?" }
        let end = directory.lastIndex(of: "/").map { directory.index(after: $0) } ?? directory.endIndex
        return "http://\(authority)\(directory[..<end])\(location)"
    }
}
