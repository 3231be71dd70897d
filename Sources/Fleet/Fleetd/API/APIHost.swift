import ConnectionLimits

/// The names under which a client may call a machine's API on the network. A client of fleet's says the address, or the
/// machine's name.
enum APIHost {
    /// Reason why a request is refused; nil for a `Host` that is the machine's own, and where there is none.
    ///
    /// - Parameters:
    ///   - authority: the `Host` header.
    ///   - address: the one that the client connected to.
    ///   - hostname: the machine's.
    static func refusal(of authority: String?, address: String?, hostname: String) -> APIError? {
        guard let authority, !OwnHost.isNamed(by: authority, address: address, hostname: hostname) else { return nil }
        let name = OwnHost.name(in: authority)
        return APIError(403, "this is not \(name): the API answers to its address, localhost and \(hostname) only")
    }
}
