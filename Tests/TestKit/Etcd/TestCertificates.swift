import Certificates
import Foundation
import TransportSecurity

/// A CA of a test's own, with a certificate for servers on 127.0.0.1 and one for clients, as files and as values.
package final class TestCertificates: Sendable {
    /// Directory of the files, which ends with the object.
    package let directory: String
    /// Authority that issued them.
    package let authority: CertificateAuthority
    /// Certificate of a client.
    package let client: TLSIdentity

    package init() throws {
        directory = NSTemporaryDirectory() + "slipway-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        authority = try Self.makeAuthority()
        let server = try authority.issue(Self.request(.server, .client), seed: [2])
        let client = try authority.issue(Self.request(.client), seed: [3])
        self.client = try Self.client(client, trusting: authority)
        let files = [
            "ca.pem": authority.certificate, "server.pem": server.certificate, "server-key.pem": server.privateKey,
            "client.pem": client.certificate, "client-key.pem": client.privateKey,
        ]
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: path(name))) }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Path of one of the files.
    package func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// A client that a stranger's CA speaks for, and who trusts this one.
    package func stranger() throws -> TLSIdentity {
        let other = try Self.makeAuthority(seed: 9)
        return try Self.client(other.issue(Self.request(.client), seed: [3]), trusting: authority)
    }

    /// A client who trusts only a stranger's CA.
    package func distrustful(checksNames: Bool = true) throws -> TLSIdentity {
        let own = try authority.issue(Self.request(.client), seed: [3])
        return try Self.client(own, trusting: Self.makeAuthority(seed: 9), checksNames: checksNames)
    }

    /// A client who does not ask under which address a server was reached.
    package func nameless() throws -> TLSIdentity {
        try Self.client(authority.issue(Self.request(.client), seed: [3]), trusting: authority, checksNames: false)
    }

    /// Files for the etcd proxy.
    package var proxy: TLSFiles { files("client") }

    /// Files of a client or server, `client` or `server`.
    package func files(_ name: String) -> TLSFiles {
        TLSFiles(
            authority: .init("ca", path("ca.pem")),
            certificate: .init("certificate", path("\(name).pem")),
            key: .init("key", path("\(name)-key.pem")),
        )
    }

    var memberArguments: [String] {
        let server = (path("server.pem"), path("server-key.pem"))
        return ["", "peer-"].flatMap { kind in
            [
                "--\(kind)cert-file", server.0, "--\(kind)key-file", server.1, "--\(kind)trusted-ca-file",
                path("ca.pem"), "--\(kind)client-cert-auth",
            ]
        }
    }

    private static func makeAuthority(seed: UInt8 = 1) throws -> CertificateAuthority {
        try CertificateAuthority(name: "test CA", organization: "test", seed: [seed])
    }

    private static func client(
        _ own: KeyedCertificate,
        trusting authority: CertificateAuthority,
        checksNames: Bool = true,
    ) throws -> TLSIdentity {
        try TLSIdentity(
            .client(checksNames: checksNames),
            authority: authority.certificate,
            certificate: own.certificate,
            privateKey: own.privateKey,
        )
    }

    private static func request(_ usages: CertificateRequest.Usage...) -> CertificateRequest {
        let now = Int64(Date().timeIntervalSince1970)
        return CertificateRequest(
            name: "test",
            organization: "test",
            dnsNames: ["localhost"],
            addresses: [[127, 0, 0, 1]],
            usages: usages,
            serial: [UInt8(usages.count)],
            notBefore: now - 3600,
            notAfter: now + 3600,
        )
    }
}
