/// A unit's property; of D-Bus's types those that units are described with.
package enum PropertyValue: Sendable, Hashable {
    case string(String)
    case strings([String])
    case bool(Bool)
    case unsigned(UInt64)
    case signed(Int64)
    case double(Double)
}
