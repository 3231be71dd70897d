import Basics
import SecureShell
import TopologyModel

/// Runs shell commands on nodes, by name and address.
package protocol NodeShell: Sendable {
    /// Runs a command on a node; its exit code is no error, only a node that cannot be reached is.
    ///
    /// - Parameter input: path of a file of this host that the command reads; nil for none.
    func run(
        _ command: String,
        input: String?,
        on node: String,
        at address: IPv4Address,
        deadline: Duration,
    ) async throws -> SSHClient.Output
}

extension NodeShell {
    /// Runs a command that reads nothing.
    package func run(
        _ command: String,
        on node: String,
        at address: IPv4Address,
        deadline: Duration,
    ) async throws -> SSHClient.Output {
        try await run(command, input: nil, on: node, at: address, deadline: deadline)
    }
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
        input: String?,
        on node: String,
        at address: IPv4Address,
        deadline: Duration,
    ) async throws -> SSHClient.Output {
        let target = SSHTarget(node: node, address: address, hostKey: try hostKey(node))
        return try await Self.turns.take { try await client.run(command, input: input, on: target, deadline: deadline) }
    }
}
