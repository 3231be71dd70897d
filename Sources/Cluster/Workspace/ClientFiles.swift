import Basics
import Certificates
import FoundationEssentials
import Planning
import SystemPackage

/// Certificate and key as files, for programs of this host that speak to a cluster: named as Docker wants them, and for
/// their owner alone.
package struct ClientFiles: Sendable {
    /// Directory of the three.
    package let directory: FilePath

    package init(directory: FilePath) { self.directory = directory }

    /// Path of the CA certificates.
    package var authority: String { directory.appending("ca.pem").string }
    /// Path of the certificate.
    package var certificate: String { directory.appending("cert.pem").string }
    /// Path of the private key.
    package var key: String { directory.appending("key.pem").string }

    /// Writes the three files; one that is as wanted stays untouched.
    package func write(authority: String, own: KeyedCertificate) throws {
        try FileManager.default.createDirectory(
            atPath: directory.string,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700],
        )
        try write(authority, to: self.authority)
        try write(own.certificate, to: certificate)
        try write(own.privateKey, to: key)
    }

    /// Replaces the file as a whole, so that it is never seen half written; the directory is closed to other users.
    private func write(_ text: String, to path: String) throws {
        guard (try? String(contentsOfFile: path, encoding: .utf8)) != text else { return }
        try AtomicFile.write(text, to: path, mode: 0o600)
    }
}
