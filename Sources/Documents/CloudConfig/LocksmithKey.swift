/// `coreos.locksmith`: when and how nodes reboot.
package enum LocksmithKey: String, SettingKey {
    case endpoint
    case etcdCAFile = "etcd_cafile"
    case etcdCertFile = "etcd_certfile"
    case etcdKeyFile = "etcd_keyfile"
    case etcdUsername = "etcd_username"
    case etcdPassword = "etcd_password"
    case group
    case windowStart = "window_start"
    case windowLength = "window_length"
}

extension LocksmithKey {
    /// Name of the section under `coreos`.
    package static let section = "locksmith"

    /// Environment variable that carries the setting to locksmithd.
    package var environmentName: String {
        switch self {
        case .windowStart: "REBOOT_WINDOW_START"
        case .windowLength: "REBOOT_WINDOW_LENGTH"
        default: "LOCKSMITHD_\(rawValue.uppercased())"
        }
    }

    /// Values that locksmithd takes.
    package var validity: Validity? {
        switch self {
        case .windowStart: .rebootWindowStart
        case .windowLength: .rebootWindowLength
        default: nil
        }
    }
}
