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
    /// Why the key should no longer be used.
    var deprecation: String? { get }
    /// Why the last CoreOS did not want the whole section any more.
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
