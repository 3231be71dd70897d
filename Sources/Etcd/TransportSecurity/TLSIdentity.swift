import NIOSSL

/// One side of TLS: the authorities that it trusts, and the certificate and key by which others know it.
package struct TLSIdentity: Sendable, Hashable {
    /// Part in a connection.
    package enum Side: Sendable, Hashable {
        /// - checksNames: whether a server must be certified for the address it is asked at. Behind a proxy it is not.
        case client(checksNames: Bool)
        /// Serves whoever has a certificate of the authorities; without authorities everybody.
        case server

        /// A client of servers that are certified for their addresses.
        package static let client = Side.client(checksNames: true)
    }

    private struct Texts: Hashable {
        let side: Side
        let authority: String?
        let certificate: String?
        let privateKey: String?
    }

    private let texts: Texts
    /// Settings for libraries that make their connections from them.
    package let configuration: TLSConfiguration
    /// What connections are made from.
    package let context: NIOSSLContext

    /// - Parameters:
    ///   - authority: the text of a PEM file, as are the next two; it may hold several certificates. Nil for a client
    ///     that trusts whom the system trusts.
    ///   - certificate: the certificate and what leads from it to its authority; nil for a client that shows none.
    package init(
        _ side: Side = .client,
        authority: String?,
        certificate: String?,
        privateKey: String?,
    ) throws(TLSError) {
        texts = Texts(side: side, authority: authority, certificate: certificate, privateKey: privateKey)
        let chain =
            try certificate.map { text throws(TLSError) in try Self.certificates(text, "certificate") } ?? []
        let key = try privateKey.map { text throws(TLSError) in
            try Self.reading("key") { try NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem) }
        }
        var configuration = try Self.configuration(side, chain.map { .certificate($0) }, key.map { .privateKey($0) })
        configuration.minimumTLSVersion = .tlsv12
        if let authority {
            configuration.trustRoots = .certificates(try Self.certificates(authority, "CA"))
            // Whoever has one of these certificates is served, wherever it calls from.
            if side == .server { configuration.certificateVerification = .noHostnameVerification }
        }
        self.configuration = configuration
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSError(.invalid, "the certificate and key for TLS do not go together", cause: error)
        }
    }

    /// True for a server that serves only clients with a certificate.
    package var asksForCertificates: Bool { texts.side == .server && texts.authority != nil }

    private static func configuration(
        _ side: Side,
        _ chain: [NIOSSLCertificateSource],
        _ key: NIOSSLPrivateKeySource?,
    ) throws(TLSError) -> TLSConfiguration {
        switch (side, key) {
        case (.server, let key?): return .makeServerConfiguration(certificateChain: chain, privateKey: key)
        case (.server, nil): throw TLSError(.missing, "a server needs a key for TLS")
        case (.client(let checksNames), _):
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.certificateChain = chain
            configuration.privateKey = key
            if !checksNames { configuration.certificateVerification = .noHostnameVerification }
            return configuration
        }
    }

    private static func certificates(_ text: String, _ what: String) throws(TLSError) -> [NIOSSLCertificate] {
        try reading(what) { try NIOSSLCertificate.fromPEMBytes(Array(text.utf8)) }
    }

    private static func reading<Value>(_ what: String, _ body: () throws -> Value) throws(TLSError) -> Value {
        do { return try body() } catch { throw TLSError(.invalid, "the \(what) for TLS is not PEM", cause: error) }
    }

    package static func == (lhs: TLSIdentity, rhs: TLSIdentity) -> Bool { lhs.texts == rhs.texts }

    package func hash(into hasher: inout Hasher) { hasher.combine(texts.certificate) }
}

// A key must not get into a log by way of a description.
extension TLSIdentity: CustomStringConvertible, CustomReflectable {
    package var description: String { "TLSIdentity" }
    /// Mirror without children, so that no dump shows a key.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
