/// The keys of one section of `coreos`: the one table that loading, rendering and the environment go by.
///
/// The order of the cases is that of the original's structs, and so the order of the environment.
package protocol SettingKey: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// The section's own key under `coreos`.
    static var section: String { get }
    var type: SettingType { get }
    var environmentName: String { get }
    var validity: Validity? { get }
    /// Why the key should no longer be used.
    var deprecation: String? { get }
    /// Why the last CoreOS did not want the whole section any more.
    static var sectionDeprecation: String? { get }
}

extension SettingKey {
    package var type: SettingType { .string }
    package var validity: Validity? { nil }
    package var deprecation: String? { nil }
    package static var sectionDeprecation: String? { nil }
}

package enum SettingType: String, Sendable, Hashable {
    case string, int, bool
    case double = "float64"
}
