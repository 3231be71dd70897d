/// A part of a cloud-config with a fixed set of keys: one table serves loading, rendering and checking.
package protocol KeyedStruct: Sendable {
    /// Value with none of its fields set.
    static var empty: Self { get }
    /// In the order they are rendered.
    static var fields: [Field<Self>] { get }
}

/// One key of a ``KeyedStruct`` and where its value goes.
package struct Field<Root>: Sendable {
    /// Typed key path of a field.
    package enum Target: Sendable {
        case text(any WritableKeyPath<Root, String> & Sendable)
        case string(any WritableKeyPath<Root, String?> & Sendable)
        case bool(any WritableKeyPath<Root, Bool> & Sendable)
        case strings(any WritableKeyPath<Root, [String]> & Sendable)
        case dropIns(any WritableKeyPath<Root, [CloudConfig.DropIn]> & Sendable)
    }

    /// Name of the key in YAML.
    package var key: String
    /// Property that the key sets.
    package var target: Target
    /// Values it may have; nil where any will do.
    package var validity: Validity?
    /// Reason why the key should no longer be used.
    package var deprecation: String?

    init(_ key: String, _ target: Target, validity: Validity? = nil, deprecation: String? = nil) {
        self.key = key
        self.target = target
        self.validity = validity
        self.deprecation = deprecation
    }
}
