import Diagnostics

extension Topology {
    /// True when nodes are given certificates.
    package var usesCertificates: Bool { etcd.tls || docker.tls }

    /// Ports that take orders from whoever reaches them, where the file does not say that this is meant.
    package func portFindings() -> [Diagnostic] {
        var findings: [Diagnostic] = []
        if fleet.enabled, fleet.tcp, !fleet.insecure, !etcd.tls {
            findings.append(
                .error(
                    "fleet's API by TCP without TLS lets whoever reaches the port run anything on every node",
                    at: fleet.tcpLocation,
                    notes: [
                        "take `tcp` out: `slipway env` lets fleetctl go by ssh",
                        "or write `tls: true` under `etcd`, which fleet's API follows",
                        "or write `insecure: true` beside it, where this is meant",
                    ],
                )
            )
        }
        if docker.tcp, !docker.insecure, !docker.tls {
            findings.append(
                .error(
                    "Docker by TCP without TLS lets whoever reaches the port do anything on every node",
                    at: docker.tcpLocation,
                    notes: [
                        "write `tls: true` instead of `tcp`",
                        "or write `insecure: true` beside it, where this is meant",
                    ],
                )
            )
        }
        return findings
    }

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
