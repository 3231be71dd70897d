/// `coreos.etcd2`: etcd 2, and all of etcd 3 that reads the same environment.
package enum Etcd2Key: String, SettingKey {
    case advertiseClientURLs = "advertise_client_urls"
    case caFile = "ca_file"
    case certFile = "cert_file"
    case clientCertAuth = "client_cert_auth"
    case cors
    case dataDir = "data_dir"
    case debug
    case discovery
    case discoveryFallback = "discovery_fallback"
    case discoverySRV = "discovery_srv"
    case discoveryProxy = "discovery_proxy"
    case electionTimeout = "election_timeout"
    case enablePprof = "enable_pprof"
    case forceNewCluster = "force_new_cluster"
    case heartbeatInterval = "heartbeat_interval"
    case initialAdvertisePeerURLs = "initial_advertise_peer_urls"
    case initialCluster = "initial_cluster"
    case initialClusterState = "initial_cluster_state"
    case initialClusterToken = "initial_cluster_token"
    case keyFile = "key_file"
    case listenClientURLs = "listen_client_urls"
    case listenPeerURLs = "listen_peer_urls"
    case logPackageLevels = "log_package_levels"
    case maxSnapshots = "max_snapshots"
    case maxWALs = "max_wals"
    case name
    case peerCAFile = "peer_ca_file"
    case peerCertFile = "peer_cert_file"
    case peerKeyFile = "peer_key_file"
    case peerClientCertAuth = "peer_client_cert_auth"
    case peerTrustedCAFile = "peer_trusted_ca_file"
    case proxy
    case proxyDialTimeout = "proxy_dial_timeout"
    case proxyFailureWait = "proxy_failure_wait"
    case proxyReadTimeout = "proxy_read_timeout"
    case proxyRefreshInterval = "proxy_refresh_interval"
    case proxyWriteTimeout = "proxy_write_timeout"
    case snapshotCount = "snapshot_count"
    case strictReconfigCheck = "strict_reconfig_check"
    case trustedCAFile = "trusted_ca_file"
    case walDir = "wal_dir"
}

extension Etcd2Key {
    /// Name of the section under `coreos`.
    package static let section = "etcd2"
    /// Finding of the last CoreOS's validator about the whole section.
    package static let sectionDeprecation: String? = "etcd2 is no longer shipped in Container Linux"

    /// Type of the value.
    package var type: SettingType {
        switch self {
        case .clientCertAuth, .debug, .enablePprof, .forceNewCluster, .peerClientCertAuth, .strictReconfigCheck:
            .bool
        case .electionTimeout, .heartbeatInterval, .maxSnapshots, .maxWALs, .proxyDialTimeout, .proxyFailureWait,
            .proxyReadTimeout, .proxyRefreshInterval, .proxyWriteTimeout, .snapshotCount:
            .int
        default:
            .string
        }
    }

    /// Environment variable that carries the setting to etcd2.
    package var environmentName: String {
        "ETCD_\(rawValue.uppercased())"
    }

    /// Values that etcd2 takes, as the original's validator knew them.
    package var validity: Validity? {
        switch self {
        case .proxy: .oneOf(["on", "off", "readonly"])
        default: nil
        }
    }

    /// Replacement that the original's validator recommended; nil for current keys.
    package var deprecation: String? {
        switch self {
        case .caFile:
            "ca_file obsoleted by trusted_ca_file and client_cert_auth"
        case .peerCAFile:
            "peer_ca_file obsoleted peer_trusted_ca_file and peer_client_cert_auth"
        default:
            nil
        }
    }
}
