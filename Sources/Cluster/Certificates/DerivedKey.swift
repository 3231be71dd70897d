import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A P-256 key that follows from a seed, and signs the same bytes with the same signature every time.
///
/// The usual ECDSA takes a random number for each signature, so that a certificate made twice would be two. This one
/// derives the number from key and message (RFC 6979, section 3.2): every plan of a cluster has the same certificates.
///
/// By hand, with ``OrderScalar``, because swift-crypto's P-256 signs with random numbers only, and because it has to stay:
/// certificates of clusters that exist are not stored but derived anew for each plan, and other bytes (of Ed25519, say)
/// would be a change of configuration that restarts every node with TLS.
struct DerivedKey: CustomPrivateKey {
    private let scalar: [UInt8]

    /// - Parameter seed: secret bytes. Nearly every 32 bytes are a key; a few are not, and then the next try is taken.
    init(seed: some Sequence<UInt8>) {
        let seed = SymmetricKey(data: Array(seed))
        var attempt: UInt8 = 0
        var candidate = Self.hmac([attempt], seed)
        while OrderScalar(exactly: candidate) == nil {
            attempt &+= 1
            candidate = Self.hmac([attempt], seed)
        }
        scalar = candidate
    }

    /// - Returns: nil when the bytes are no key.
    init?(scalar: [UInt8]) {
        guard scalar.count == 32, OrderScalar(exactly: scalar) != nil else { return nil }
        self.scalar = scalar
    }

    func privateKey() throws -> P256.Signing.PrivateKey { try P256.Signing.PrivateKey(rawRepresentation: scalar) }

    /// r and s of ECDSA with SHA-256, 32 bytes each.
    func signature(of message: some DataProtocol) throws -> [UInt8] {
        let digest = Array(SHA256.hash(data: message))
        let number = OrderScalar(reducing: digest)
        let secret = OrderScalar(reducing: scalar)
        var nonces = NonceGenerator(scalar: scalar, digest: number.bytes)
        while true {
            let nonce = nonces.next()
            guard let factor = OrderScalar(exactly: nonce) else { continue }
            // The first coordinate of the nonce times the base point, which is what a public key is.
            let point = try P256.Signing.PrivateKey(rawRepresentation: nonce).publicKey.rawRepresentation
            let r = OrderScalar(reducing: point.prefix(32))
            let s = factor.inverse * (number + r * secret)
            if r != .zero, s != .zero { return r.bytes + s.bytes }
        }
    }

    fileprivate static func hmac(_ message: [UInt8], _ key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: key))
    }

    // MARK: CustomPrivateKey

    static let defaultPEMDiscriminator = "PRIVATE KEY"

    var publicKey: Certificate.PublicKey {
        do {
            return Certificate.PublicKey(try privateKey().publicKey)
        } catch {
            preconditionFailure("a scalar below the group's order is a key: \(error)")
        }
    }

    var defaultSignatureAlgorithm: Certificate.SignatureAlgorithm { .ecdsaWithSHA256 }
    var supportedSignatureAlgorithms: [Certificate.SignatureAlgorithm] { [.ecdsaWithSHA256] }

    func signSynchronously(
        bytes: some DataProtocol,
        signatureAlgorithm: Certificate.SignatureAlgorithm,
    ) throws -> Certificate.Signature {
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: signature(of: bytes))
        let encoded = ASN1BitString(bytes: Array(signature.derRepresentation)[...])
        return try Certificate.Signature(signatureAlgorithm: signatureAlgorithm, signatureBytes: encoded)
    }

    func serialize(into coder: inout DER.Serializer) throws {
        coder.serializeRawBytes(try privateKey().derRepresentation)
    }
}

/// RFC 6979's numbers for one key and one message, one after the other.
private struct NonceGenerator {
    private var key = SymmetricKey(data: [UInt8](repeating: 0, count: 32))
    private var value = [UInt8](repeating: 1, count: 32)
    private var isFirst = true

    init(scalar: [UInt8], digest: [UInt8]) {
        for separator: UInt8 in [0, 1] { stir([separator] + scalar + digest) }
    }

    mutating func next() -> [UInt8] {
        if !isFirst { stir([0]) }
        isFirst = false
        value = DerivedKey.hmac(value, key)
        return value
    }

    private mutating func stir(_ bytes: [UInt8]) {
        key = SymmetricKey(data: DerivedKey.hmac(value + bytes, key))
        value = DerivedKey.hmac(value, key)
    }
}
