import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// Issues certificates: a P-256 key that follows from a seed, and a certificate of its own.
///
/// The same seed and the same requests give the same certificates, byte for byte, wherever and whenever.
package struct CertificateAuthority: Sendable {
    private let key: DerivedKey
    private let own: Certificate
    /// The authority's certificate, as the text of its file. It says nothing of an end: what ends are those it issues.
    package let certificate: String

    /// - Parameters:
    ///   - name: its common name.
    ///   - seed: secret; who has it can issue in the authority's name.
    package init(name: String, organization: String, seed: [UInt8]) throws(CertificatesError) {
        key = DerivedKey(seed: seed)
        do {
            own = try Self.selfSigned(name: name, organization: organization, key: key)
            certificate = try own.serializeAsPEM().pemString + "\n"
        } catch {
            throw CertificatesError(.encoding, "the certificate of \(name) cannot be made", cause: error)
        }
    }

    /// - Parameter seed: secret; the certificate's key follows from it.
    package func issue(_ request: CertificateRequest, seed: [UInt8]) throws(CertificatesError) -> KeyedCertificate {
        if let fault = request.fault {
            throw CertificatesError(.request, "cannot issue the certificate of \(request.name): \(fault)")
        }
        do {
            let subject = DerivedKey(seed: seed)
            let issued = try certificate(request, key: subject)
            return KeyedCertificate(
                certificate: try issued.serializeAsPEM().pemString + "\n",
                privateKey: try subject.serializeAsPEM().pemString + "\n",
            )
        } catch {
            throw CertificatesError(.encoding, "the certificate of \(request.name) cannot be made", cause: error)
        }
    }

    private func certificate(_ request: CertificateRequest, key subject: DerivedKey) throws -> Certificate {
        try Certificate(
            version: .v3,
            serialNumber: .init(bytes: request.serial),
            publicKey: subject.publicKey,
            notValidBefore: Date(timeIntervalSince1970: Double(request.notBefore)),
            notValidAfter: Date(timeIntervalSince1970: Double(request.notAfter)),
            issuer: own.subject,
            subject: try Self.name(request.name, of: request.organization),
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Self.extensions(request, key: subject, authority: key),
            issuerPrivateKey: .init(key),
        )
    }

    private static func extensions(
        _ request: CertificateRequest,
        key: DerivedKey,
        authority: DerivedKey,
    ) throws -> Certificate.Extensions {
        let names =
            request.dnsNames.map { GeneralName.dnsName($0) }
            + request.addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let usages: [ExtendedKeyUsage.Usage] = request.usages.map { $0 == .server ? .serverAuth : .clientAuth }
        return try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage(usages)
            SubjectKeyIdentifier(hash: key.publicKey)
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: authority.publicKey).keyIdentifier)
            if !names.isEmpty { SubjectAlternativeNames(names) }
        }
    }

    private static func selfSigned(name: String, organization: String, key: DerivedKey) throws -> Certificate {
        let subject = try Self.name(name, of: organization)
        let identifier = SubjectKeyIdentifier(hash: key.publicKey)
        return try Certificate(
            version: .v3,
            // Positive, and as good as unique: it is cut from the key's own hash.
            serialNumber: .init(bytes: [1] + identifier.keyIdentifier.prefix(15)),
            publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSince1970: begin),
            notValidAfter: Date(timeIntervalSince1970: never),
            issuer: subject,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                identifier
            },
            issuerPrivateKey: .init(key),
        )
    }

    private static func name(_ name: String, of organization: String) throws -> DistinguishedName {
        try DistinguishedName {
            OrganizationName(organization)
            CommonName(name)
        }
    }

    /// 2020-01-01, before any clock that a node may have.
    private static let begin = 1_577_836_800.0
    /// 9999-12-31T23:59:59Z, which means "no end" (RFC 5280, section 4.1.2.5).
    private static let never = 253_402_300_799.0
}
