import NIOSSL

/// Certificate of the API over TCP, and the authority of the clients that it serves there.
package struct ServerTLS: Sendable {
    let context: NIOSSLContext
    /// True where clients have to show a certificate.
    let asksForCertificates: Bool

    /// - Parameters:
    ///   - certificateFile: PEM: the certificate and what leads from it to its authority.
    ///   - authorityFile: PEM: clients must show a certificate of one of these; empty to serve everybody.
    package init(certificateFile: String, keyFile: String, authorityFile: String) throws(FleetError) {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificateFile).map(NIOSSLCertificateSource.certificate)
            let key = NIOSSLPrivateKeySource.privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
            var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
            configuration.minimumTLSVersion = .tlsv12
            if !authorityFile.isEmpty {
                configuration.trustRoots = .file(authorityFile)
                // Whoever has one of these certificates is served, wherever it calls from.
                configuration.certificateVerification = .noHostnameVerification
            }
            context = try NIOSSLContext(configuration: configuration)
            asksForCertificates = !authorityFile.isEmpty
        } catch {
            let files = [certificateFile, keyFile, authorityFile].filter { !$0.isEmpty }.joined(separator: ", ")
            throw FleetError(.configuration, "the API cannot be served with \(files)", cause: error)
        }
    }
}
