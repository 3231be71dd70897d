import Certificates
import Planning

extension PlannerInputs {
    /// Inputs that are the same on every host: keys and certificates are words that say whose they are.
    package static let fixed = PlannerInputs(
        image: ImageDigests(root: "r00t", layer: "1ayer"),
        authorizedKeys: ["ssh-ed25519 AAAAown slipway"],
        hostKey: { SSHKeyPair(privateKey: "private \($0)\n", publicKey: "ssh-ed25519 AAAA\($0) root@\($0)") },
        clusterKey: SSHKeyPair(privateKey: "private cluster\n", publicKey: "ssh-ed25519 AAAAcluster core"),
    )

    /// ``fixed`` with certificates, as of the morning of 26 November 2026 unless `now` (seconds since 1970) says
    /// otherwise.
    package static func fixedWithCertificates(renews: Bool = false, now: Int64 = 1_795_694_400) -> PlannerInputs {
        var inputs = fixed
        inputs.certificates = CertificateInputs(
            authorities: { "-----BEGIN CERTIFICATE-----\nca of \($0.number)\n" },
            issue: { wanted in
                let words = "\(wanted.node) \(wanted.purpose.rawValue) \(wanted.generation)"
                return KeyedCertificate(
                    certificate: "-----BEGIN CERTIFICATE-----\n\(words)\n",
                    privateKey: "-----BEGIN PRIVATE KEY-----\n\(words)\n",
                )
            },
            now: now,
            renews: renews,
        )
        return inputs
    }
}
