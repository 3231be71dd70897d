/// The number by which etcd knows a lease.
package struct LeaseID: Sendable, Hashable, CustomStringConvertible {
    /// Number as etcd has it.
    package var rawValue: Int64

    package init(_ rawValue: Int64) {
        self.rawValue = rawValue
    }

    package var description: String { String(rawValue, radix: 16) }
}
