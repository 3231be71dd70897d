import Diagnostics

extension Topology {
    /// Whether nodes are given certificates.
    package var usesCertificates: Bool { etcd.tls || docker.tls }

    /// Roles that cannot do with etcd's TLS what they are there for.
    package func tlsFindings() -> [Diagnostic] {
        guard etcd.tls else { return [] }
        return roles.filter { $0.etcd == .readonly }.map { role in
            .error(
                "role \"\(role.name)\" has readonly proxies, and a proxy cannot tell reads from writes within TLS",
                at: role.location,
                notes: ["take `etcd: proxy`, or leave `etcd.tls` out"],
            )
        }
    }
}
