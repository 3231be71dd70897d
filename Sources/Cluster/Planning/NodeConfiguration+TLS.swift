import Basics
import Certificates
import CloudConfig
import TopologyModel

/// Certificates and keys as files of a node, and the settings that name them.
extension NodeConfiguration {
    private static let etcdDirectory = "/etc/ssl/etcd"
    private static let dockerDirectory = "/etc/docker"

    var scheme: String { EtcdURL.scheme(tls: topology.etcd.tls) }

    private var usesEtcdTLS: Bool { topology.etcd.tls && node.role.etcd != .none }

    /// Certificates and keys of the node, each file readable for its users only: a member's keys for etcd alone; the
    /// client's for the proxy (user etcd), for fleetd and locksmithd (root) and for people (group core).
    var tlsFiles: [CloudConfig.File] { etcdFiles + dockerFiles }

    /// Purposes for which the node needs certificates.
    var certificatePurposes: [NodeCertificate.Purpose] {
        var purposes: [NodeCertificate.Purpose] = []
        if usesEtcdTLS {
            if node.isMember { purposes += [.etcdServer, .etcdPeer] }
            if runsFleet { purposes.append(.fleet) }
            purposes.append(.etcdClient)
        }
        return topology.docker.tls ? purposes + [.docker] : purposes
    }

    private var etcdFiles: [CloudConfig.File] {
        guard usesEtcdTLS else { return [] }
        let directory = Self.etcdDirectory
        var files = [certificateFile("\(directory)/ca.pem", authorities)]
        if node.isMember {
            files += keyed(.etcdServer, in: directory, owner: "etcd:etcd", permissions: "0600")
            files += keyed(.etcdPeer, in: directory, owner: "etcd:etcd", permissions: "0600")
        }
        if runsFleet { files += keyed(.fleet, in: directory, owner: nil, permissions: "0600") }
        return files + keyed(.etcdClient, in: directory, owner: "etcd:core", permissions: "0640") + etcdctlFiles
    }

    private var dockerFiles: [CloudConfig.File] {
        guard topology.docker.tls else { return [] }
        let authority = certificateFile("\(Self.dockerDirectory)/ca.pem", authorities)
        return [authority] + keyed(.docker, in: Self.dockerDirectory, owner: nil, permissions: "0600")
    }

    private func keyed(
        _ purpose: NodeCertificate.Purpose,
        in directory: String,
        owner: String?,
        permissions: String,
    ) -> [CloudConfig.File] {
        guard let issued = secrets.certificates[purpose] else { return [] }
        let path = "\(directory)/\(purpose.rawValue)"
        return [
            certificateFile("\(path).pem", issued.certificate),
            .init(path: "\(path)-key.pem", content: issued.privateKey, owner: owner, permissions: permissions),
        ]
    }

    private var authorities: String { secrets.authorities }

    private func certificateFile(_ path: String, _ text: String) -> CloudConfig.File {
        .init(path: path, content: text, permissions: "0644")
    }

    /// Environment of every login, which sudo keeps: etcdctl and locksmithctl then need no options for certificates. No
    /// endpoint is named, since etcdctl refuses its own `--endpoints` beside one in the environment; its default is the
    /// node's own port.
    private var etcdctlFiles: [CloudConfig.File] {
        let variables = [
            ("ETCDCTL_CACERT", "ca"), ("ETCDCTL_CERT", "client"), ("ETCDCTL_KEY", "client-key"),
            ("LOCKSMITHCTL_ETCD_CAFILE", "ca"), ("LOCKSMITHCTL_ETCD_CERTFILE", "client"),
            ("LOCKSMITHCTL_ETCD_KEYFILE", "client-key"),
        ]
        let lines = variables.map { "\($0) DEFAULT=\(Self.etcdDirectory)/\($1).pem\n" }
        let names = variables.map(\.0).joined(separator: " ")
        return [
            .init(path: "/etc/security/pam_env.conf", content: lines.joined(), permissions: "0644"),
            .init(path: "/etc/sudoers.d/etcdctl", content: "Defaults env_keep += \"\(names)\"\n", permissions: "0440"),
        ]
    }

    // MARK: Settings

    /// A member asks everyone for a certificate. A proxy has one to ask the members with; what clients say to it goes
    /// through it as it is.
    var etcdTLS: Settings<Etcd2Key> {
        guard usesEtcdTLS else { return [:] }
        let directory = Self.etcdDirectory
        guard node.isMember else {
            return [
                .peerCertFile: "\(directory)/client.pem",
                .peerKeyFile: "\(directory)/client-key.pem",
                .peerTrustedCAFile: "\(directory)/ca.pem",
            ]
        }
        return [
            .certFile: "\(directory)/server.pem",
            .keyFile: "\(directory)/server-key.pem",
            .trustedCAFile: "\(directory)/ca.pem",
            .clientCertAuth: true,
            .peerCertFile: "\(directory)/peer.pem",
            .peerKeyFile: "\(directory)/peer-key.pem",
            .peerTrustedCAFile: "\(directory)/ca.pem",
            .peerClientCertAuth: true,
        ]
    }

    /// Client certificate of fleetd towards etcd.
    var fleetTLS: Settings<FleetKey> { clientTLS(.etcdCAFile, .etcdCertFile, .etcdKeyFile) }
    /// Client certificate of locksmithd towards etcd.
    var locksmithTLS: Settings<LocksmithKey> { clientTLS(.etcdCAFile, .etcdCertFile, .etcdKeyFile) }

    /// Client certificate of flanneld towards etcd.
    var flannelTLS: Settings<FlannelKey> { clientTLS(.etcdCAFile, .etcdCertFile, .etcdKeyFile) }

    private func clientTLS<Key: SettingKey>(_ authority: Key, _ certificate: Key, _ key: Key) -> Settings<Key> {
        guard usesEtcdTLS else { return [:] }
        let directory = Self.etcdDirectory
        return [
            authority: "\(directory)/ca.pem", certificate: "\(directory)/client.pem",
            key: "\(directory)/client-key.pem",
        ]
    }

    /// fleet's API is as good as a login of root on every machine: on the network it asks for a certificate, too.
    var fleetAPIDropIns: [CloudConfig.DropIn] {
        guard usesEtcdTLS else { return [] }
        let directory = Self.etcdDirectory
        let content = """
            [Service]
            Environment=FLEET_API_CAFILE=\(directory)/ca.pem
            Environment=FLEET_API_CERTFILE=\(directory)/fleet.pem
            Environment=FLEET_API_KEYFILE=\(directory)/fleet-key.pem

            """
        return [.init(name: "30-api-tls.conf", content: content)]
    }

    var dockerTLS: [String] {
        guard topology.docker.tls else { return [] }
        let directory = Self.dockerDirectory
        return [
            "--tlsverify", "--tlscacert=\(directory)/ca.pem", "--tlscert=\(directory)/docker.pem",
            "--tlskey=\(directory)/docker-key.pem",
        ]
    }
}
