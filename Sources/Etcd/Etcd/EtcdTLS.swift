import NIOSSL

/// Certificates and key of a client of etcd: the authority that it trusts, and its own identity.
package struct EtcdTLS: Sendable, Hashable {
    private let authority: String
    private let certificate: String
    private let privateKey: String
    private let checksNames: Bool
    let configuration: TLSConfiguration

    /// - Parameters:
    ///   - authority: the text of a PEM file, as are the next two; it may hold several certificates.
    ///   - checksNames: whether a server must be certified for the address it is asked at. Behind a proxy it is not.
    package init(
        authority: String,
        certificate: String,
        privateKey: String,
        checksNames: Bool = true,
    ) throws(EtcdError) {
        self.checksNames = checksNames
        self.authority = authority
        self.certificate = certificate
        self.privateKey = privateKey
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if !checksNames { configuration.certificateVerification = .noHostnameVerification }
        let roots = try Self.reading("CA") { try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)) }
        configuration.trustRoots = .certificates(roots)
        let chain = try Self.reading("certificate") { try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)) }
        configuration.certificateChain = chain.map { .certificate($0) }
        let key = try Self.reading("key") { try NIOSSLPrivateKey(bytes: Array(privateKey.utf8), format: .pem) }
        configuration.privateKey = .privateKey(key)
        self.configuration = configuration
    }

    private static func reading<Value>(_ what: String, _ body: () throws -> Value) throws(EtcdError) -> Value {
        do {
            return try body()
        } catch {
            throw EtcdError(.refused, "the \(what) with which to speak to etcd is not PEM", cause: error)
        }
    }

    package static func == (lhs: EtcdTLS, rhs: EtcdTLS) -> Bool {
        (lhs.authority, lhs.certificate, lhs.privateKey, lhs.checksNames)
            == (rhs.authority, rhs.certificate, rhs.privateKey, rhs.checksNames)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(certificate) }
}

// A key must not get into a log by way of a description.
extension EtcdTLS: CustomStringConvertible, CustomReflectable {
    package var description: String { "EtcdTLS" }
    /// Mirror without children, so that no dump shows a key.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
