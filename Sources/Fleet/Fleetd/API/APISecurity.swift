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
    package var tls: ServerTLS?

    package init(access: APIAccess = APIAccess(), tls: ServerTLS? = nil) {
        self.access = access
        self.tls = tls
    }

    /// Looks up users and reads certificates.
    init(_ configuration: FleetConfiguration) throws(FleetError) {
        var writers: Set<UInt32> = []
        for user in configuration.apiWriters { writers.insert(try Self.number(of: user)) }
        access = APIAccess(writers: configuration.apiWriters.isEmpty ? nil : writers)
        let files = (configuration.apiCertFile, configuration.apiKeyFile)
        switch (files.0.isEmpty, files.1.isEmpty, configuration.apiCAFile.isEmpty) {
        case (true, true, true): tls = nil
        case (false, false, _):
            tls = try ServerTLS(
                certificateFile: files.0,
                keyFile: files.1,
                authorityFile: configuration.apiCAFile,
            )
        default:
            throw FleetError(.configuration, "api_certfile and api_keyfile belong together, api_cafile to both")
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
