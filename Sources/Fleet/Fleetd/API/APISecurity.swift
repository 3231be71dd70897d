import TransportSecurity

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Rules for clients: which are served, and which may make changes.
package struct APISecurity: Sendable {
    /// Clients that may change something.
    package var access: APIAccess
    /// Certificate of the server; nil for plain HTTP.
    package var tls: TLSIdentity?

    package init(access: APIAccess = APIAccess(), tls: TLSIdentity? = nil) {
        self.access = access
        self.tls = tls
    }

    /// Looks up users and reads certificates.
    init(_ configuration: FleetConfiguration) throws(FleetError) {
        var writers: Set<UInt32> = []
        for user in configuration.apiWriters { writers.insert(try Self.number(of: user)) }
        access = APIAccess(writers: configuration.apiWriters.isEmpty ? nil : writers)
        let files = TLSFiles(
            authority: .init("api_cafile", configuration.apiCAFile),
            certificate: .init("api_certfile", configuration.apiCertFile),
            key: .init("api_keyfile", configuration.apiKeyFile),
        )
        do {
            tls = try files.identity(.server)
        } catch {
            throw FleetError(.configuration, "the API cannot be served: \(error.message)", cause: error.cause)
        }
    }

    private static func number(of user: String) throws(FleetError) -> UInt32 {
        if let number = UInt32(user) { return number }
        guard let entry = getpwnam(user) else {
            throw FleetError(.configuration, "api_writers: there is no user \(user) on this machine")
        }
        return entry.pointee.pw_uid
    }
}
