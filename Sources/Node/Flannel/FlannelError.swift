/// Failure of flannel, for people.
package struct FlannelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What to do about it decides on the kind.
    package enum Kind: Sendable, Hashable {
        /// A setting, or the network's configuration in etcd, that cannot be.
        case configuration
        /// Every subnet of the network is given.
        case full
        /// The node's own subnet is another's by now.
        case lost
        /// A program such as `ip` failed.
        case program
    }

    /// Kind of the failure, for programs.
    package var kind: Kind
    /// Description of the failure.
    package var description: String

    init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }
}
