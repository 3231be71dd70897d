/// `coreos.update`: where updates come from and whether they reboot the node.
package enum UpdateKey: String, SettingKey {
    case rebootStrategy = "reboot_strategy"
    case group
    case server
}

extension UpdateKey {
    package static let section = "update"

    package var environmentName: String {
        rawValue.uppercased()
    }

    package var validity: Validity? {
        switch self {
        case .rebootStrategy: .oneOf(["etcd-lock", "reboot", "off"])
        default: nil
        }
    }
}
