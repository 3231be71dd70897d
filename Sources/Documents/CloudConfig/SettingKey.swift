/// The keys of one section of `coreos`: the one table that loading, rendering and the environment go by.
///
/// The order of the cases is that of the original's structs, and so the order of the environment.
package protocol SettingKey: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// The section's own key under `coreos`.
    static var section: String { get }
    /// Type of the value.
    var type: SettingType { get }
    /// Environment variable that carries the setting to its program.
    var environmentName: String { get }
    /// Values it may have; nil where any will do.
    var validity: Validity? { get }
    /// Reason why the key should no longer be used.
    var deprecation: String? { get }
    /// Reason why the last CoreOS did not want the whole section any more.
    static var sectionDeprecation: String? { get }
}

extension SettingKey {
    /// A string, unless a key says otherwise.
    package var type: SettingType { .string }
    /// Any value, unless a key says otherwise.
    package var validity: Validity? { nil }
    /// None, unless a key says otherwise.
    package var deprecation: String? { nil }
    /// None, unless a section says otherwise.
    package static var sectionDeprecation: String? { nil }
}

/// Type of a setting's value in YAML.
package enum SettingType: String, Sendable, Hashable {
    case string, int, bool
    case double = "float64"
}

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

/// `coreos.oem`: who made the image.
package enum OEMKey: String, SettingKey {
    case id
    case name
    case versionID = "version_id"
    case homeURL = "home_url"
    case bugReportURL = "bug_report_url"
}

extension OEMKey {
    /// Name of the section under `coreos`.
    package static let section = "oem"

    /// Variable in `/etc/oem-release`.
    package var environmentName: String {
        rawValue.uppercased()
    }
}

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

    /// Values that the original's validator let through. Its last version, 1.14.0, did not know `best-effort` any more,
    /// which locksmithd here does as every earlier one did.
    package var validity: Validity? {
        switch self {
        case .rebootStrategy: .oneOf(RebootStrategy.allCases.map(\.rawValue))
        default: nil
        }
    }
}
