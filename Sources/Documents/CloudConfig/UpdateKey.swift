/// `coreos.update`: where updates come from and whether they reboot the node.
package enum UpdateKey: String, SettingKey {
    case rebootStrategy = "reboot_strategy"
    case group
    case server
}

extension UpdateKey {
    /// Name of the section under `coreos`.
    package static let section = "update"

    /// Variable in `/etc/coreos/update.conf`.
    package var environmentName: String {
        rawValue.uppercased()
    }

    /// Values that the original's validator let through.
    package var validity: Validity? {
        switch self {
        case .rebootStrategy: .oneOf(["etcd-lock", "reboot", "off"])
        default: nil
        }
    }
}
