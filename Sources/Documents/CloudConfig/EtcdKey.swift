/// `coreos.etcd`: etcd 0.4.
package enum EtcdKey: String, SettingKey {
    case addr
    case advertiseClientURLs = "advertise_client_urls"
    case bindAddr = "bind_addr"
    case caFile = "ca_file"
    case certFile = "cert_file"
    case clusterActiveSize = "cluster_active_size"
    case clusterRemoveDelay = "cluster_remove_delay"
    case clusterSyncInterval = "cluster_sync_interval"
    case cors
    case dataDir = "data_dir"
    case discovery
    case discoveryFallback = "discovery_fallback"
    case discoverySRV = "discovery_srv"
    case discoveryProxy = "discovery_proxy"
    case electionTimeout = "election_timeout"
    case forceNewCluster = "force_new_cluster"
    case graphiteHost = "graphite_host"
    case heartbeatInterval = "heartbeat_interval"
    case httpReadTimeout = "http_read_timeout"
    case httpWriteTimeout = "http_write_timeout"
    case initialAdvertisePeerURLs = "initial_advertise_peer_urls"
    case initialCluster = "initial_cluster"
    case initialClusterState = "initial_cluster_state"
    case initialClusterToken = "initial_cluster_token"
    case keyFile = "key_file"
    case listenClientURLs = "listen_client_urls"
    case listenPeerURLs = "listen_peer_urls"
    case maxResultBuffer = "max_result_buffer"
    case maxRetryAttempts = "max_retry_attempts"
    case maxSnapshots = "max_snapshots"
    case maxWALs = "max_wals"
    case name
    case peerAddr = "peer_addr"
    case peerBindAddr = "peer_bind_addr"
    case peerCAFile = "peer_ca_file"
    case peerCertFile = "peer_cert_file"
    case peerElectionTimeout = "peer_election_timeout"
    case peerHeartbeatInterval = "peer_heartbeat_interval"
    case peerKeyFile = "peer_key_file"
    case peers
    case peersFile = "peers_file"
    case proxy
    case retryInterval = "retry_interval"
    case snapshot
    case snapshotCount = "snapshot_count"
    case trace
    case verbose
    case veryVerbose = "very_verbose"
    case veryVeryVerbose = "very_very_verbose"
}

extension EtcdKey {
    /// Name of the section under `coreos`.
    package static let section = "etcd"
    /// Finding of the last CoreOS's validator about the whole section.
    package static let sectionDeprecation: String? = "etcd is no longer shipped in Container Linux"

    /// Type of the value.
    package var type: SettingType {
        switch self {
        case .forceNewCluster, .snapshot, .verbose, .veryVerbose, .veryVeryVerbose:
            .bool
        case .clusterActiveSize, .electionTimeout, .heartbeatInterval, .maxResultBuffer, .maxRetryAttempts,
            .maxSnapshots, .maxWALs, .peerElectionTimeout, .peerHeartbeatInterval, .snapshotCount:
            .int
        case .clusterRemoveDelay, .clusterSyncInterval, .httpReadTimeout, .httpWriteTimeout, .retryInterval:
            .double
        default:
            .string
        }
    }

    /// Environment variable that carries the setting to etcd.
    package var environmentName: String {
        switch self {
        case .snapshotCount: "ETCD_SNAPSHOTCOUNT"
        default: "ETCD_\(rawValue.uppercased())"
        }
    }

    /// Replacement that the original's validator recommended; nil for current keys.
    package var deprecation: String? {
        switch self {
        case .advertiseClientURLs, .discoveryFallback, .discoverySRV, .discoveryProxy, .electionTimeout,
            .forceNewCluster, .heartbeatInterval, .initialAdvertisePeerURLs, .initialCluster, .initialClusterState,
            .initialClusterToken, .listenClientURLs, .listenPeerURLs, .maxSnapshots, .maxWALs, .proxy:
            "etcd2 options no longer work for etcd"
        default:
            nil
        }
    }
}
