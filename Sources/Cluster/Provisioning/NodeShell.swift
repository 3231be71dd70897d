import Basics
import SecureShell
import TopologyModel

/// Runs shell commands on nodes, by name and address.
package protocol NodeShell: Sendable {
    /// Runs a command on a node; its exit code is no error, only a node that cannot be reached is.
    func run(_ command: String, on node: String, at address: IPv4Address, deadline: Duration) async throws
        -> SSHClient.Output
}

/// The real one: ssh with the host key that follows from the cluster's and the node's name.
package struct SecureNodeShell: NodeShell {
    /// Each ssh is a process here and another on the node.
    private static let turns = Turns(16)

    private let client: SSHClient
    private let hostKey: @Sendable (_ node: String) throws -> String

    package init(client: SSHClient, hostKey: @escaping @Sendable (_ node: String) throws -> String) {
        self.client = client
        self.hostKey = hostKey
    }

    package func run(
        _ command: String,
        on node: String,
        at address: IPv4Address,
        deadline: Duration,
    ) async throws -> SSHClient.Output {
        let target = SSHTarget(node: node, address: address, hostKey: try hostKey(node))
        return try await Self.turns.take { try await client.run(command, on: target, deadline: deadline) }
    }
}
