/// Sender of a request.
package enum APIPeer: Sendable, Hashable, CustomStringConvertible {
    /// A process of this machine, by the unix socket; the kernel vouches for it.
    case local(user: UInt32, process: Int32)
    /// Somebody on the network who showed a certificate of the configured authority.
    case certified
    /// Anybody who can reach the port.
    case network
    /// Not known: the kernel did not say.
    case unknown

    package var description: String {
        switch self {
        case .local(let user, let process): "user \(user), process \(process)"
        case .certified: "a client with a certificate"
        case .network: "the network"
        case .unknown: "unknown"
        }
    }
}

/// Rule for clients that change anything through the API; every client that reaches it may read.
package struct APIAccess: Sendable, Equatable {
    /// The users that may, of those on this machine; nil for every one whom the socket's mode lets connect.
    package var writers: Set<UInt32>?

    package init(writers: Set<UInt32>? = nil) {
        self.writers = writers
    }

    /// Reason why a request is refused; nil when it is not.
    func refusal(of request: APIRequest) -> APIError? {
        guard let writers, !["GET", "HEAD"].contains(request.method) else { return nil }
        switch request.peer {
        case .local(let user, _) where user == 0 || writers.contains(user): return nil
        case .certified, .network: return nil
        case .local(let user, _): return APIError(403, "user \(user) may read but not change: see api_writers")
        case .unknown: return APIError(403, "it is not known which user asks: see api_writers")
        }
    }
}
