import Basics
import Certificates
import Crypto
import Planning
import SecureShell
import Synchronization
import TopologyModel
import TransportSecurity

/// The certificates of one cluster, each derived once from the host's secret: none is kept anywhere on this host but
/// where a program needs its file.
package final class ClusterCertificates: Sendable {
    private struct Made {
        var authorities: [Int: CertificateAuthority] = [:]
        var certificates: [NodeCertificate: KeyedCertificate] = [:]
    }

    private let secret: HostSecret
    private let cluster: String
    private let now: Int64
    private let made = Mutex(Made())

    /// Creates the certificates of a cluster; none is made yet.
    ///
    /// - Parameter now: seconds since 1970.
    package init(secret: HostSecret, cluster: String, now: Int64) {
        self.secret = secret
        self.cluster = cluster
        self.now = now
    }

    /// The certificates as a planner takes them.
    package func inputs(renews: Bool) -> CertificateInputs {
        CertificateInputs(
            authorities: { try self.authorities(trustedBy: $0.number) },
            issue: { try self.certificate($0) },
            now: now,
            renews: renews,
        )
    }

    /// The CAs that a node with certificates of that generation accepts, as one file's text.
    package func authorities(trustedBy number: Int) throws -> String {
        try CertificateGeneration.trusted(by: number).map { try authority($0).certificate }.joined()
    }

    /// Returns the client certificate of this host's programs towards etcd and Docker.
    package func operatorCertificate(_ number: Int) throws -> KeyedCertificate {
        try issue(
            CertificateWords(name: "slipway", purpose: "operator", usages: [.client]),
            CertificateGeneration(number: number, at: now),
        )
    }

    /// A proxy hands on what a member says, whose certificate does not name the proxy's address. That is checked
    /// without names: the CA certifies no other servers than this cluster's.
    ///
    /// - Parameter number: the generation that the nodes have, or are being given.
    package func etcdTLS(_ number: Int) throws -> TLSIdentity {
        let own = try operatorCertificate(number)
        return try TLSIdentity(
            .client(checksNames: false),
            authority: authorities(trustedBy: number),
            certificate: own.certificate,
            privateKey: own.privateKey,
        )
    }

    // MARK: Deriving

    /// The CA that certifies a generation.
    private func authority(_ number: Int) throws -> CertificateAuthority {
        if let present = made.withLock({ $0.authorities[number] }) { return present }
        let authority = try CertificateAuthority(
            name: "Slipway CA \(number)",
            organization: cluster,
            seed: secret.seed(["certificates", cluster, "\(number)"]),
        )
        made.withLock { $0.authorities[number] = authority }
        return authority
    }

    private func certificate(_ wanted: NodeCertificate) throws -> KeyedCertificate {
        if let present = made.withLock({ $0.certificates[wanted] }) { return present }
        let certificate = try issue(CertificateWords(wanted), wanted.generation)
        made.withLock { $0.certificates[wanted] = certificate }
        return certificate
    }

    private func issue(_ words: CertificateWords, _ generation: CertificateGeneration) throws -> KeyedCertificate {
        let path = [cluster, words.name, words.purpose, "\(generation)"]
        let request = CertificateRequest(
            name: words.name,
            organization: cluster,
            dnsNames: words.dnsNames,
            addresses: words.addresses,
            usages: words.usages,
            serial: [1] + SHA256.hash(data: Array(path.joined(separator: "\u{0}").utf8)).prefix(15),
            notBefore: generation.notBefore,
            notAfter: generation.notAfter,
        )
        return try authority(generation.number).issue(request, seed: secret.seed(["certificate"] + path))
    }
}

/// Subject of a certificate.
private struct CertificateWords {
    var name: String
    var purpose: String
    var usages: [CertificateRequest.Usage]
    var dnsNames: [String] = []
    var addresses: [[UInt8]] = []
}

extension CertificateWords {
    /// A server is found by its name and address, and on its own node and through a proxy as `localhost`. etcd's
    /// gateway talks to its own server with the server's certificate, and a member is its peers' client as well.
    init(_ wanted: NodeCertificate) {
        name = wanted.node
        purpose = wanted.purpose.rawValue
        usages =
            switch wanted.purpose {
            case .etcdServer, .etcdPeer: [.server, .client]
            case .etcdClient: [.client]
            case .docker, .fleet: [.server]
            }
        guard usages.contains(.server) else { return }
        dnsNames = ["localhost", wanted.node]
        let own: [UInt8] = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: wanted.address.number >> UInt32($0)) }
        addresses = [[127, 0, 0, 1], own]
    }
}
