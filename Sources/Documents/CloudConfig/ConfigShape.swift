/// Shape of a part of a cloud-config: the model as a value, for the validator and the JSON Schema, which ask about keys
/// and read no config.
package indirect enum ConfigShape: Sendable {
    case string, int, bool, double
    case strings
    case mapping([ConfigKey])
    /// A list of mappings.
    case mappings([ConfigKey])

    /// The type's name in the original's messages.
    package var typeName: String {
        switch self {
        case .string: "string"
        case .int: "int"
        case .bool: "bool"
        case .double: "float64"
        case .strings: "[]string"
        case .mapping: "struct"
        case .mappings: "[]struct"
        }
    }

    /// A whole cloud-config.
    package static let cloudConfig = ConfigShape.mapping([
        ConfigKey("coreos", .mapping(coreosKeys)),
        ConfigKey("hostname", .string),
        ConfigKey("manage_etc_hosts", .string),
        ConfigKey("ssh_authorized_keys", .strings),
        ConfigKey("users", .mappings(CloudConfig.User.keys)),
        ConfigKey("write_files", .mappings(CloudConfig.File.keys)),
    ])

    private static let coreosKeys = [
        section(EtcdKey.self), section(Etcd2Key.self), section(FlannelKey.self), section(FleetKey.self),
        section(LocksmithKey.self), section(OEMKey.self), section(UpdateKey.self),
        ConfigKey("units", .mappings(CloudConfig.Unit.keys)),
    ]

    private static func section<Key: SettingKey>(_ type: Key.Type) -> ConfigKey {
        let keys = Key.allCases.map { key in
            ConfigKey(key.rawValue, key.type.shape, validity: key.validity, deprecation: key.deprecation)
        }
        return ConfigKey(Key.section, .mapping(keys), deprecation: Key.sectionDeprecation)
    }
}

/// A key of a mapping in a cloud-config.
package struct ConfigKey: Sendable {
    /// Name of the key in YAML.
    package var name: String
    /// Shape of its value.
    package var shape: ConfigShape
    /// Values it may have; nil where any will do.
    package var validity: Validity?
    /// Reason why the key should no longer be used.
    package var deprecation: String?

    package init(_ name: String, _ shape: ConfigShape, validity: Validity? = nil, deprecation: String? = nil) {
        self.name = name
        self.shape = shape
        self.validity = validity
        self.deprecation = deprecation
    }
}

extension SettingType {
    /// Shape of a setting of this type.
    package var shape: ConfigShape {
        switch self {
        case .string: .string
        case .int: .int
        case .bool: .bool
        case .double: .double
        }
    }
}

extension KeyedStruct {
    /// Keys of the struct, as the schema has them.
    package static var keys: [ConfigKey] {
        fields.map { ConfigKey($0.key, $0.shape, validity: $0.validity, deprecation: $0.deprecation) }
    }
}

extension Field {
    var shape: ConfigShape {
        switch target {
        case .text, .string: .string
        case .bool: .bool
        case .strings: .strings
        case .dropIns: .mappings(CloudConfig.DropIn.keys)
        }
    }
}
