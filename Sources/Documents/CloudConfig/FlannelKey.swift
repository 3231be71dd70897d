/// `coreos.flannel`.
package enum FlannelKey: String, SettingKey {
    case etcdEndpoints = "etcd_endpoints"
    case etcdCAFile = "etcd_cafile"
    case etcdCertFile = "etcd_certfile"
    case etcdKeyFile = "etcd_keyfile"
    case etcdPrefix = "etcd_prefix"
    case etcdUsername = "etcd_username"
    case etcdPassword = "etcd_password"
    case ipMasq = "ip_masq"
    case subnetFile = "subnet_file"
    case interface
    case publicIP = "public_ip"
}

extension FlannelKey {
    /// Name of the section under `coreos`.
    package static let section = "flannel"

    /// Environment variable that carries the setting to flannel.
    package var environmentName: String {
        switch self {
        case .interface: "FLANNELD_IFACE"
        default: "FLANNELD_\(rawValue.uppercased())"
        }
    }
}
