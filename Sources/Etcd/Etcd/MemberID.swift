/// The number by which etcd knows a member; written in hexadecimal, as `etcdctl` does.
package struct MemberID: Sendable, Hashable, CustomStringConvertible {
    /// Number as etcd has it.
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package var description: String { String(rawValue, radix: 16) }
}
