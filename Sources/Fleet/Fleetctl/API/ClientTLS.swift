import NIOSSL

/// Whom fleetctl trusts over https, and how it shows who it is.
package struct ClientTLS: Sendable, Hashable {
    /// PEM files; nil for the system's authorities, and to show nothing.
    package var authorityFile: String?
    /// Path of the client's certificate.
    package var certificateFile: String?
    /// Path of the client's key.
    package var keyFile: String?

    package init() {}

    /// Reads the files; nil when there are none.
    func configuration() throws -> TLSConfiguration? {
        guard authorityFile != nil || certificateFile != nil || keyFile != nil else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        do {
            if let authorityFile {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorityFile))
            }
            switch (certificateFile, keyFile) {
            case (let certificate?, let key?):
                let chain = try NIOSSLCertificate.fromPEMFile(certificate)
                configuration.certificateChain = chain.map { .certificate($0) }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            case (nil, nil): break
            default: throw FleetctlError(.usage, "--cert-file and --key-file belong together")
            }
        } catch let error as FleetctlError {
            throw error
        } catch {
            let files = [authorityFile, certificateFile, keyFile].compactMap(\.self).joined(separator: ", ")
            throw FleetctlError(.file, "\(files): no PEM files to speak TLS with")
        }
        return configuration
    }
}
