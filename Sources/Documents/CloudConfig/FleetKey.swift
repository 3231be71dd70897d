/// `coreos.fleet`.
package enum FleetKey: String, SettingKey {
    case agentTTL = "agent_ttl"
    case authorizedKeysFile = "authorized_keys_file"
    case disableEngine = "disable_engine"
    case engineReconcileInterval = "engine_reconcile_interval"
    case etcdCAFile = "etcd_cafile"
    case etcdCertFile = "etcd_certfile"
    case etcdKeyFile = "etcd_keyfile"
    case etcdKeyPrefix = "etcd_key_prefix"
    case etcdRequestTimeout = "etcd_request_timeout"
    case etcdServers = "etcd_servers"
    case etcdUsername = "etcd_username"
    case etcdPassword = "etcd_password"
    case metadata
    case publicIP = "public_ip"
    case tokenLimit = "token_limit"
    case verbosity
    case verifyUnits = "verify_units"
}

extension FleetKey {
    /// Name of the section under `coreos`.
    package static let section = "fleet"
    /// Finding of the last CoreOS's validator about the whole section.
    package static let sectionDeprecation: String? = "fleet is no longer shipped in Container Linux"

    /// Type of the value.
    package var type: SettingType {
        switch self {
        case .disableEngine, .verifyUnits:
            .bool
        case .tokenLimit, .verbosity:
            .int
        case .engineReconcileInterval, .etcdRequestTimeout:
            .double
        default:
            .string
        }
    }

    /// Environment variable that carries the setting to fleetd.
    package var environmentName: String {
        "FLEET_\(rawValue.uppercased())"
    }
}
