import NIOCore
import NIOSSL

/// The files by which the proxy asks members with TLS how they are, in the variables of etcd v2's own proxy.
package struct ProxyTLS: Sendable, Hashable {
    /// `ETCD_PEER_TRUSTED_CA_FILE`
    package var authorityFile: String
    /// `ETCD_PEER_CERT_FILE`
    package var certificateFile: String
    /// `ETCD_PEER_KEY_FILE`
    package var keyFile: String

    package init(authorityFile: String, certificateFile: String, keyFile: String) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    /// Nil where none of the variables is set, and no member needs them.
    init?(environment: [String: String]) throws(ProxyError) {
        let names = ["ETCD_PEER_TRUSTED_CA_FILE", "ETCD_PEER_CERT_FILE", "ETCD_PEER_KEY_FILE"]
        let values = names.map { environment[$0] ?? "" }
        if values.allSatisfy(\.isEmpty) {
            guard environment["ETCD_INITIAL_CLUSTER"]?.contains("https://") == true else { return nil }
            let missing = names.joined(separator: ", ")
            throw ProxyError(.configuration, "ETCD_INITIAL_CLUSTER has members with https: \(missing) are missing")
        }
        if let missing = zip(names, values).first(where: { $0.1.isEmpty }) {
            throw ProxyError(.configuration, "\(missing.0) is missing beside the other two of TLS")
        }
        self.init(authorityFile: values[0], certificateFile: values[1], keyFile: values[2])
    }

    /// Reads the files.
    func context() throws(ProxyError) -> NIOSSLContext {
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.trustRoots = .file(authorityFile)
            let chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
            return try NIOSSLContext(configuration: configuration)
        } catch {
            let files = [authorityFile, certificateFile, keyFile].joined(separator: ", ")
            throw ProxyError(.configuration, "\(files): invalid client certificate, key or CA: \(error)")
        }
    }
}

extension NIOSSLContext {
    /// The handler for one connection to a member. An address is checked as such; TLS asks only for names by name.
    func handler(for endpoint: Endpoint) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port)) != nil
        return try NIOSSLClientHandler(context: self, serverHostname: isAddress ? nil : endpoint.host)
    }
}
