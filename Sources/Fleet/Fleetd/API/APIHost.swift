#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The names under which a client may call a machine's API on the network.
///
/// A page in a browser can have a name of its own lead to this machine, and then speaks with the API as with itself
/// (DNS rebinding); but the browser says that name as `Host`. A client of fleet's says the address, or the machine's
/// name.
enum APIHost {
    /// Reason why a request is refused; nil for a `Host` that is the machine's own, and where there is none.
    ///
    /// - Parameters:
    ///   - authority: the `Host` header.
    ///   - address: the one that the client connected to.
    ///   - hostname: the machine's.
    static func refusal(of authority: String?, address: String?, hostname: String) -> APIError? {
        guard let authority else { return nil }
        let name = name(in: authority)
        let own = [address.map(unmapped), "localhost", "::1", hostname.lowercased()].compactMap(\.self)
        if own.contains(name) || isLoopback(name) { return nil }
        return APIError(403, "this is not \(name): the API answers to its address, localhost and \(hostname) only")
    }

    /// The machine's hostname; empty where the kernel does not report it.
    static var machineName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Without port, brackets and a last dot.
    private static func name(in authority: String) -> String {
        var name = authority.lowercased()[...]
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            name = name[name.index(after: name.startIndex)..<end]
        } else if let colon = name.lastIndex(of: ":"), name.firstIndex(of: ":") == colon {
            name = name[..<colon]
        }
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }

    /// An IPv4 address that came by a socket for IPv6.
    private static func unmapped(_ address: String) -> String {
        address.hasPrefix("::ffff:") ? String(address.dropFirst("::ffff:".count)) : address
    }

    private static func isLoopback(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
