/// The answer of `/version`.
package struct EtcdVersion: Sendable, Equatable, Decodable {
    /// Version of the member.
    package var server: String
    /// What all members understand; `3.0.0` in a cluster's first moments.
    package var cluster: String

    package init(server: String, cluster: String) {
        self.server = server
        self.cluster = cluster
    }

    enum CodingKeys: String, CodingKey {
        case server = "etcdserver"
        case cluster = "etcdcluster"
    }
}
