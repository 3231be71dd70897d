import FoundationEssentials
import SwiftASN1
import Testing
@_spi(FixedExpiryValidationTime) import X509

@testable import Certificates

struct CertificateAuthorityTests {
    private static let begin: Int64 = 1_790_000_000
    private static let end: Int64 = 1_800_000_000

    private func authority(_ seed: UInt8 = 1) throws -> CertificateAuthority {
        try CertificateAuthority(name: "Slipway CA of demo", organization: "demo", seed: [seed])
    }

    private func request(_ change: (inout CertificateRequest) -> Void = { _ in }) -> CertificateRequest {
        var request = CertificateRequest(
            name: "central-1",
            organization: "demo",
            dnsNames: ["localhost", "central-1"],
            addresses: [[127, 0, 0, 1], [10, 9, 0, 10]],
            usages: [.server, .client],
            serial: [7, 7],
            notBefore: Self.begin,
            notAfter: Self.end,
        )
        change(&request)
        return request
    }

    /// Whether `leaf` is valid for someone who trusts `root`.
    private func verifies(_ leaf: String, root: String, at time: Int64 = begin + 1) async throws -> Bool {
        let store = CertificateStore([try Certificate(pemEncoded: root)])
        let date = Date(timeIntervalSince1970: Double(time))
        var verifier = Verifier(rootCertificates: store) { RFC5280Policy(fixedExpiryValidationTime: date) }
        let result = await verifier.validate(leaf: try Certificate(pemEncoded: leaf), intermediates: CertificateStore())
        if case .validCertificate = result { return true }
        return false
    }

    @Test func theChainVerifies() async throws {
        let authority = try authority()
        let issued = try authority.issue(request(), seed: [2])
        #expect(try await verifies(issued.certificate, root: authority.certificate))
        #expect(try await verifies(issued.certificate, root: authority.certificate, at: Self.end + 1) == false)
        #expect(try await verifies(issued.certificate, root: authority.certificate, at: Self.begin - 1) == false)
        #expect(try await verifies(issued.certificate, root: self.authority(9).certificate) == false)
    }

    @Test func aCertificateSaysWhatWasAskedFor() throws {
        let issued = try authority().issue(request(), seed: [2])
        let certificate = try Certificate(pemEncoded: issued.certificate)
        let names = try #require(try certificate.extensions.subjectAlternativeNames)
        #expect(
            Array(names) == [
                .dnsName("localhost"), .dnsName("central-1"),
                .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                .ipAddress(ASN1OctetString(contentBytes: [10, 9, 0, 10])),
            ]
        )
        #expect(Array(try #require(try certificate.extensions.extendedKeyUsage)) == [.serverAuth, .clientAuth])
        #expect("\(certificate.subject)".contains("CN=central-1"))
        #expect("\(certificate.subject)".contains("O=demo"))
        let key = try Certificate.PrivateKey(pemEncoded: issued.privateKey)
        #expect(key.publicKey == certificate.publicKey)
        let constraints = try #require(try certificate.extensions.basicConstraints)
        #expect(constraints == .notCertificateAuthority)
    }

    @Test func aClientsCertificateIsNoServers() throws {
        let issued = try authority().issue(request { $0.usages = [.client] }, seed: [2])
        let usage = try #require(try Certificate(pemEncoded: issued.certificate).extensions.extendedKeyUsage)
        #expect(Array(usage) == [.clientAuth])
    }

    @Test func theSameAgainIsTheSameBytes() throws {
        #expect(try authority().certificate == authority().certificate)
        #expect(try authority().issue(request(), seed: [2]) == authority().issue(request(), seed: [2]))
    }

    @Test func whatDiffersMakesAnother() throws {
        let first = try authority().issue(request(), seed: [2])
        #expect(try authority().issue(request(), seed: [3]).privateKey != first.privateKey)
        #expect(try authority().issue(request { $0.serial = [8] }, seed: [2]).certificate != first.certificate)
        #expect(try authority(9).issue(request(), seed: [2]).certificate != first.certificate)
    }

    @Test func whatNoCertificateCanSayIsRefused() throws {
        let authority = try authority()
        let faults: [(String, (inout CertificateRequest) -> Void)] = [
            ("end before it begins", { $0.notAfter = $0.notBefore }),
            ("used for nothing", { $0.usages = [] }),
            ("1 to 64 bytes", { $0.name = "" }),
            ("four bytes", { $0.addresses = [[1, 2, 3]] }),
            ("1 to 20 bytes", { $0.serial = [] }),
        ]
        for (text, change) in faults {
            let error = #expect(throws: CertificatesError.self) { try authority.issue(request(change), seed: [2]) }
            #expect(error?.message.contains(text) == true, "\(String(describing: error))")
        }
    }
}
