import Basics
import Crypto
import FoundationEssentials
import Planning

/// Ed25519 keys in OpenSSH's text forms.
///
/// The format is OpenSSH's PROTOCOL.key, version `openssh-key-v1`, without a passphrase. By hand, because ssh-keygen makes
/// random keys only, and these follow from the host secret.
package enum OpenSSHKey {
    /// The key pair that follows from a 32-byte seed; the same seed gives the same text.
    package static func ed25519(seed: [UInt8], comment: String) throws -> SSHKeyPair {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        let publicBytes = Array(key.publicKey.rawRepresentation)
        let publicBlob = string(type) + string(publicBytes)
        return SSHKeyPair(
            privateKey: armor(privateBlob(seed: seed, publicBytes, publicBlob, comment: comment)),
            publicKey: "\(type) \(Base64.encode(publicBlob)) \(comment)",
        )
    }

    private static let type = "ssh-ed25519"

    private static func privateBlob(
        seed: [UInt8],
        _ publicBytes: [UInt8],
        _ publicBlob: [UInt8],
        comment: String,
    ) -> [UInt8] {
        // The two check words only have to be equal; taken from the key so that the text never varies.
        let check = Array(SHA256.hash(data: publicBytes).prefix(4))
        var inner = check + check + string(type) + string(publicBytes) + string(seed + publicBytes) + string(comment)
        var pad: UInt8 = 1
        while inner.count % 8 != 0 {
            inner.append(pad)
            pad += 1
        }
        return Array("openssh-key-v1\u{0}".utf8) + string("none") + string("none") + string("")
            + number(1) + string(publicBlob) + string(inner)
    }

    private static func armor(_ blob: [UInt8]) -> String {
        let base64 = Array(Base64.encode(blob).utf8)
        let lines = stride(from: 0, to: base64.count, by: 70).map {
            String(decoding: base64[$0..<min($0 + 70, base64.count)], as: UTF8.self)
        }
        return (["-----BEGIN OPENSSH PRIVATE KEY-----"] + lines + ["-----END OPENSSH PRIVATE KEY-----", ""])
            .joined(separator: "\n")
    }

    private static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
    private static func string(_ bytes: [UInt8]) -> [UInt8] { number(bytes.count) + bytes }
    private static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
