import Basics
import Certificates
import Diagnostics
import TopologyModel

/// A certificate that a node needs.
package struct NodeCertificate: Sendable, Hashable {
    /// Each has a key of its own, so that who may read one file does not get more than it is for.
    package enum Purpose: String, Sendable, Hashable, CaseIterable {
        /// Certificate of an etcd member towards its clients, and of its own gateway towards it.
        case etcdServer = "server"
        /// Certificate of etcd members towards each other.
        case etcdPeer = "peer"
        /// Client certificate of fleetd, the proxy and etcdctl towards etcd.
        case etcdClient = "client"
        /// Certificate of dockerd towards its clients.
        case docker
        /// Certificate of fleetd towards clients of its API.
        case fleet
    }

    /// Name of the node.
    package var node: String
    /// Address of the node.
    package var address: IPv4Address
    /// Use of the certificate.
    package var purpose: Purpose
    /// Time of issue and counter.
    package var generation: CertificateGeneration

    package init(node: String, address: IPv4Address, purpose: Purpose, generation: CertificateGeneration) {
        self.node = node
        self.address = address
        self.purpose = purpose
        self.generation = generation
    }
}

/// Source of a plan's certificates.
package struct CertificateInputs: Sendable {
    /// The text of the file with the CA certificates that a node of that generation accepts.
    package var authorities: @Sendable (CertificateGeneration) throws -> String
    /// The same request has the same answer, always.
    package var issue: @Sendable (NodeCertificate) throws -> KeyedCertificate
    /// Seconds since 1970.
    package var now: Int64
    /// True when every node shall be given new ones.
    package var renews: Bool
    /// Generation that the plan issues; the planner decides.
    private(set) package var generation: CertificateGeneration

    /// Creates the inputs from functions that issue what is asked for.
    package init(
        authorities: @escaping @Sendable (CertificateGeneration) throws -> String,
        issue: @escaping @Sendable (NodeCertificate) throws -> KeyedCertificate,
        now: Int64,
        renews: Bool = false,
    ) {
        self.authorities = authorities
        self.issue = issue
        self.now = now
        self.renews = renews
        generation = CertificateGeneration(number: 1, at: now)
    }

    /// For clusters without TLS: there is nothing to be had.
    package static let none = CertificateInputs(
        authorities: { _ in "" },
        issue: { _ in KeyedCertificate(certificate: "", privateKey: "") },
        now: 0,
    )

    /// The newest generation there is, so that a renewal that was interrupted goes on; the next one for a renewal, if
    /// none was interrupted: there are never nodes of three generations.
    ///
    /// - Parameter first: number of the generation where there is none yet.
    mutating func decide(from present: [CertificateGeneration], first: Int) {
        guard let newest = present.max() else { return generation = CertificateGeneration(number: first, at: now) }
        let isUnfinished = present.contains { $0 != newest }
        generation = renews && !isUnfinished ? CertificateGeneration(number: newest.number + 1, at: now) : newest
    }
}

extension PlannerInputs {
    /// These inputs with the generation of certificates decided.
    func withCertificates(
        for topology: Topology,
        observed: ProviderObservation,
    ) throws(DiagnosticsError) -> PlannerInputs {
        guard topology.usesCertificates || !certificates.renews else {
            throw DiagnosticsError([
                .error(
                    "cluster '\(topology.name)' has no certificates to renew",
                    notes: ["`etcd: {tls: true}` or `docker: {tls: true}` in its file gives it some"],
                )
            ])
        }
        var inputs = self
        let present = observed.nodes(of: topology.name).compactMap(\.certificates)
        inputs.certificates.decide(from: present, first: restore?.certificates ?? 1)
        return inputs
    }
}
