/// `coreos.oem`: who made the image.
package enum OEMKey: String, SettingKey {
    case id
    case name
    case versionID = "version_id"
    case homeURL = "home_url"
    case bugReportURL = "bug_report_url"
}

extension OEMKey {
    package static let section = "oem"

    package var environmentName: String {
        rawValue.uppercased()
    }
}
