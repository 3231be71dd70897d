/// Content of a certificate to be issued. Times and serial numbers are the caller's.
package struct CertificateRequest: Sendable, Hashable {
    /// Permitted uses of the certificate.
    package enum Usage: Sendable, Hashable, CaseIterable {
        case server, client
    }

    /// Common name of the subject.
    package var name: String
    /// Organization of the subject.
    package var organization: String
    /// DNS names that the certificate is for.
    package var dnsNames: [String]
    /// IPv4 addresses, each of four bytes.
    package var addresses: [[UInt8]]
    /// Uses that the key may be put to.
    package var usages: [Usage]
    /// Up to 20 bytes that no other certificate of the authority has.
    package var serial: [UInt8]
    /// Seconds since 1970.
    package var notBefore: Int64
    /// End of validity, in seconds since 1970.
    package var notAfter: Int64

    package init(
        name: String,
        organization: String,
        dnsNames: [String] = [],
        addresses: [[UInt8]] = [],
        usages: [Usage],
        serial: [UInt8],
        notBefore: Int64,
        notAfter: Int64,
    ) {
        self.name = name
        self.organization = organization
        self.dnsNames = dnsNames
        self.addresses = addresses
        self.usages = usages
        self.serial = serial
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    var fault: String? {
        if notAfter <= notBefore { return "it would end before it begins" }
        if usages.isEmpty { return "it may be used for nothing" }
        if name.isEmpty || name.utf8.count > 64 { return "a name has 1 to 64 bytes" }
        if !addresses.allSatisfy({ $0.count == 4 }) { return "an IPv4 address has four bytes" }
        if !(1...20).contains(serial.count) { return "a serial number has 1 to 20 bytes" }
        return nil
    }
}

/// A certificate and its private key, as the texts of their files.
package struct KeyedCertificate: Sendable, Hashable {
    /// Certificate as PEM.
    package var certificate: String
    /// Private key as PEM.
    package var privateKey: String

    package init(certificate: String, privateKey: String) {
        self.certificate = certificate
        self.privateKey = privateKey
    }
}
