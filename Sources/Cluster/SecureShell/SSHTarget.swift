import TopologyModel

/// A node as ssh must know it.
package struct SSHTarget: Sendable, Hashable {
    /// The node's name, for messages.
    package var node: String
    /// Address of the node.
    package var address: IPv4Address
    /// User to log in as.
    package var user: String
    /// The node's host key: type, base64, comment.
    package var hostKey: String

    package init(node: String, address: IPv4Address, user: String = "core", hostKey: String) {
        self.node = node
        self.address = address
        self.user = user
        self.hostKey = hostKey
    }
}
