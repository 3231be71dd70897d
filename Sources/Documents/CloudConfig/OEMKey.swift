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
