/// State of one token: the number of members wanted, and those that have registered.
package struct DiscoveryCluster: Sendable, Hashable, Codable {
    /// Member that registered under the token.
    package struct Registration: Sendable, Hashable, Codable {
        /// The member's own number, in hexadecimal.
        package var id: String
        /// `name=http://peer:2380`, and more of the kind joined by `&`.
        package var value: String
        /// Members are the first by this order.
        package var index: UInt64
    }

    /// Number of members that the cluster waits for.
    package var size: Int
    /// Index of the write that made the token.
    package var index: UInt64
    /// In order of their registration.
    package var registrations: [Registration] = []

    /// Permitted sizes: etcd advises against more than seven members.
    package static let sizes = 1...19
    /// Limit of recorded registrations. Those after the last member only learn that the cluster is full.
    package static let mostRegistrations = 1000

    package init(size: Int, index: UInt64) {
        self.size = size
        self.index = index
    }

    var lastIndex: UInt64 { registrations.last?.index ?? index }
    var isFull: Bool { registrations.count >= size }
}
