/// Fault tolerance of an etcd cluster of some size.
package struct FaultTolerance: Sendable, Hashable {
    /// Number of etcd members.
    package var members: Int

    package init(members: Int) {
        self.members = members
    }

    /// Number of members that must agree.
    package var majority: Int { members / 2 + 1 }

    /// Number of members that may fail while the rest is still a majority.
    package var failures: Int { members - majority }

    /// etcd's own advice: past seven members, writes get slower and little safety is gained
    /// (https://etcd.io/docs/v3.4/faq/, "What is maximum cluster size?").
    package static let mostMembersAdvised = 7

    /// Sizes, majorities and failures tolerated, one size a line, `members` marked.
    package static func table(marking members: Int) -> String {
        let sizes = Array(1...9) + (members > 9 ? [members] : [])
        let rows = sizes.map { size -> String in
            let row = FaultTolerance(members: size)
            let mark = size == members ? "   <- this file" : ""
            return "\(padded(size, 7)) | \(padded(row.majority, 8)) | \(padded(row.failures, 18))\(mark)"
        }
        return (["members | majority | failures tolerated"] + rows).joined(separator: "\n")
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: " ", count: max(0, width - digits.count)) + digits
    }
}
