#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The names under which a client may call a listener of this machine.
///
/// A page in a browser can have a name of its own lead to this machine, and then speaks with a listener as with itself
/// (DNS rebinding); but the browser says that name as `Host`.
package enum OwnHost {
    /// Returns whether a `Host` header names this machine: as localhost, by a loopback address, by its hostname, or by the
    /// address that was connected to.
    ///
    /// - Parameters:
    ///   - authority: the header, with or without a port.
    ///   - address: the one that the client connected to.
    ///   - hostname: the machine's.
    package static func isNamed(by authority: String, address: String?, hostname: String) -> Bool {
        let name = name(in: authority)
        guard !name.isEmpty else { return false }
        let own = [address.map(unmapped), "localhost", "::1", hostname.lowercased()].compactMap(\.self)
        return own.contains(name) || isLoopback(name)
    }

    /// The machine's hostname; empty where the kernel does not report it.
    package static var machineName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The name in a `Host` header, without port, brackets and a last dot.
    package static func name(in authority: String) -> String {
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
