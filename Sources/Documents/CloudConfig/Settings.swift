/// The values of one section of `coreos`, by key.
///
///     config.coreos.etcd2[.name] = "core-01"
package struct Settings<Key: SettingKey>: Sendable, Hashable {
    private var values: [Key: SettingValue] = [:]

    package init() {}

    /// Value of a key; nil where it is not set.
    package subscript(key: Key) -> SettingValue? {
        get { values[key] }
        set { values[key] = newValue }
    }

    /// True when no key is set.
    package var isEmpty: Bool { values.isEmpty }

    /// Keys and values that are set, in the order of the original's structs.
    package var inOrder: [(key: Key, value: SettingValue)] {
        Key.allCases.compactMap { key in values[key].map { (key, $0) } }
    }

    /// Environment variables in the order of the original's structs. What is false, zero or empty is left out.
    package var environment: [EnvironmentVariable] {
        inOrder.compactMap { key, value in
            value.isZero ? nil : EnvironmentVariable(name: key.environmentName, value: value.description)
        }
    }

    /// These settings with those that `other` sets.
    package func merging(_ other: Settings) -> Settings {
        var merged = self
        merged.values.merge(other.values) { $1 }
        return merged
    }
}

extension Settings: ExpressibleByDictionaryLiteral {
    /// Creates settings; a later pair replaces an earlier one of the same key.
    package init(dictionaryLiteral elements: (Key, SettingValue)...) {
        for (key, value) in elements { values[key] = value }
    }
}
