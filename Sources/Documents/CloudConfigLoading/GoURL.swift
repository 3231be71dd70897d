/// URLs as Go's `net/url` takes them when a request is made for one, which is how etcd and the original read theirs.
package enum GoURL {
    /// Returns the reason why `text` is not a URL (or an absolute path); nil when it is.
    package static func fault(in text: String) -> String? {
        guard !text.isEmpty else { return "it is empty" }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "it has a control character"
        }
        if text == "*" { return nil }
        guard let (scheme, rest) = split(text) else { return "there is nothing before its colon" }
        guard rest.hasPrefix("/") else {
            return scheme.isEmpty ? "it has neither a scheme such as http:// nor a slash at its start" : nil
        }
        var path = rest.prefix { $0 != "?" }
        if !scheme.isEmpty, path.hasPrefix("//"), !path.hasPrefix("///") {
            let authority = path.dropFirst(2).prefix { $0 != "/" }
            path = path.dropFirst(2 + authority.count)
            if let fault = fault(inAuthority: authority) { return fault }
        }
        return isEscapedWell(path) ? nil : "a % in it is not followed by two hexadecimal digits"
    }

    /// The scheme, empty when there is none, and what follows its colon; nil for a colon with nothing before it.
    package static func split(_ text: String) -> (scheme: String, rest: Substring)? {
        guard let colon = text.firstIndex(of: ":") else { return ("", text[...]) }
        let scheme = text[..<colon]
        guard let first = scheme.first else { return nil }
        let isScheme =
            first.isASCII && first.isLetter
            && scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        return isScheme ? (scheme.lowercased(), text[text.index(after: colon)...]) : ("", text[...])
    }

    private static func fault(inAuthority authority: Substring) -> String? {
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        var port = Substring()
        var name = host
        if host.hasPrefix("[") {
            guard let end = host.lastIndex(of: "]") else { return "its [ has no ]" }
            name = host[...end]
            port = host[host.index(after: end)...]
        } else if let colon = host.lastIndex(of: ":") {
            name = host[..<colon]
            port = host[colon...]
        }
        guard port.isEmpty || (port.first == ":" && port.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }) else {
            return "\"\(port)\" is no port"
        }
        if let stranger = name.first(where: { " \"<>\\^`{|}".contains($0) }) {
            return "\"\(stranger)\" cannot be part of a host's name"
        }
        return isEscapedWell(name) ? nil : "a % in it is not followed by two hexadecimal digits"
    }

    private static func isEscapedWell(_ text: Substring) -> Bool {
        var rest = text[...]
        while let percent = rest.firstIndex(of: "%") {
            let digits = rest[percent...].dropFirst().prefix(2)
            guard digits.count == 2, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return false }
            rest = rest[digits.endIndex...]
        }
        return true
    }
}
