/// The user's view of a cluster: a file for `ssh -F`, or to include in `~/.ssh/config`.
package struct SSHConfig: Sendable {
    /// Client whose keys the file names.
    package let client: SSHClient
    /// Name of the cluster.
    package let cluster: String

    package init(client: SSHClient, cluster: String) {
        self.client = client
        self.cluster = cluster
    }

    /// One `Host` block a node, under its own name and as `CLUSTER.NODE`.
    package func text(for targets: [SSHTarget]) -> String {
        targets.map(block).joined(separator: "\n")
    }

    private func block(_ target: SSHTarget) -> String {
        """
        Host \(target.node) \(cluster).\(target.node) \(target.address)
            HostName \(target.address)
            User \(target.user)
            IdentityFile \(SSHPath.quoted(client.identityFile))
            IdentitiesOnly yes
            UserKnownHostsFile \(SSHPath.quoted(client.knownHostsFile))
            StrictHostKeyChecking yes
            UpdateHostKeys no
            LogLevel ERROR
        \(client.proxyCommand.map { "    ProxyCommand \($0)\n" } ?? "")
        """
    }
}
