import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The kernel's identification of a unix socket's client process; laid out as Linux's `struct ucred`.
private struct PeerCredentials: Sendable {
    var process: Int32 = 0
    var user: UInt32 = .max
    var group: UInt32 = .max
}

extension APIPeer {
    /// Asks the kernel, who remembers it from when the connection was made.
    static func local(on channel: any Channel) async -> APIPeer {
        #if os(Linux)
            guard let provider = channel as? any SocketOptionProvider else { return .unknown }
            do {
                let credentials: PeerCredentials =
                    try await provider
                    .unsafeGetSocketOption(
                        level: NIOBSDSocket.OptionLevel(rawValue: SOL_SOCKET),
                        name: NIOBSDSocket.Option(rawValue: SO_PEERCRED),
                    ).get()
                return .local(user: credentials.user, process: credentials.process)
            } catch {
                return .unknown
            }
        #else
            return .unknown
        #endif
    }
}
