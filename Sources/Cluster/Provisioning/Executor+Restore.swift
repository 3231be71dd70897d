import Basics
import Etcd
import Planning
import SecureShell
import TopologyModel

/// Steps that put a backup back.
extension Executor {
    func restore(
        _ action: RestoreAction,
        say: @escaping @Sendable (String) -> Void,
        warn: @Sendable (String) -> Void,
    ) async throws {
        switch action {
        case .stopEtcd(let node):
            // A leader would first wait seconds for another to take over, and all of them go.
            let script = "systemctl kill --signal=KILL etcd2.service; systemctl stop etcd2.service"
            try await runAsRoot(script, on: node, "etcd does not stop", limit: limits.etcd)
        case .member(let node, let source, let initialCluster, let isNew):
            try await restoreMember(node, source, initialCluster: initialCluster, isNew: isNew, say: say)
        case .legacyKeys(let source, let endpoints):
            let etcd = clusters.etcd(endpoints)
            for key in source.legacyKeys {
                try await retryingKeys("etcd does not take \(key.key) of version 2", say: say) {
                    try await etcd.putLegacy(EtcdHTTPClient.LegacyKey(key: key.key, value: key.value, ttl: key.ttl))
                }
            }
        case .restartFleet(let node):
            try await runAsRoot(
                "systemctl restart fleet.service",
                on: node,
                "fleetd does not start",
                limit: limits.fleet
            )
        }
    }

    private func restoreMember(
        _ node: NodePlan,
        _ source: RestoreSource,
        initialCluster: String,
        isNew: Bool,
        say: @escaping @Sendable (String) -> Void,
    ) async throws {
        let own = limits.slowed(for: [node])
        // A slow way takes 2 MiB a second.
        let limit = own.cloudConfig + .seconds(source.size >> 21)
        let patience = isNew ? own.cloudConfig : nil
        let script = Self.restoreScript(node, source, initialCluster: initialCluster, waiting: patience)
        say("waiting for a login")
        let said = Latest("its address does not answer")
        let address = node.address
        let output = try await Waiting.until(own.address, pause: own.pause * 5) { () -> SSHClient.Output? in
            guard await reaches(address, 22) else { return nil }
            say("handing it the backup")
            do {
                return try await shell.run(
                    "sudo sh -c \(ShellWord.quoted(script))",
                    input: source.snapshot,
                    on: node.name,
                    at: address,
                    deadline: limit,
                )
            } catch let error as SSHError where error.code == .connection {
                // Its host key, and those who may log in, come with its cloud-config.
                _ = said.update("\(error)")
                return nil
            }
        }
        guard let output else {
            throw await nodeFailure(node, what: "it is not given the backup: \(said.value)", unit: nil)
        }
        guard output.exitCode == 0 else {
            let text = (output.standardError + output.standardOutput).trimmed
            throw await nodeFailure(node, what: "the backup cannot be restored on it: \(text)", unit: "etcd2.service")
        }
    }

    /// Reads a snapshot from standard input. A member that has the backup already, as an earlier run was cut short,
    /// keeps its data.
    ///
    /// - Parameter patience: time that a new member has until its cloud-config holds etcd back; nil for one that exists.
    static func restoreScript(
        _ node: NodePlan,
        _ source: RestoreSource,
        initialCluster: String,
        waiting patience: Duration?,
    ) -> String {
        let loop = "until [ -e \(NodePlan.restoreDropIn) ]; do sleep 0.1; done"
        let late = "{ echo 'its cloud-config is not applied yet' >&2; exit 1; }"
        let wait = patience.map { "timeout \($0.components.seconds) sh -c '\(loop)' || \(late)" } ?? ":"
        return """
            set -eu
            umask 077
            \(wait)
            data=$(systemctl show --property=Environment --value etcd2.service | tr ' ' '\\n' |
                sed -n 's/^ETCD_DATA_DIR=//p' | tail -n 1)
            data=${data:-/var/lib/etcd2}
            if [ "$(cat "$data.restored" 2>/dev/null)" = \(source.token) ] && [ -d "$data/member" ]; then
                cat >/dev/null
            else
                systemctl stop etcd2.service
                rm -rf "$data.restore" "$data.restored"
                install -d -o etcd -g etcd -m 0700 "$data" "$data.restore"
                cat >"$data.restore/snapshot.db"
                chown etcd:etcd "$data.restore/snapshot.db"
                program=etcdctl
                ! command -v etcdutl >/dev/null || program=etcdutl
                runuser -u etcd -- env ETCDCTL_API=3 $program snapshot restore "$data.restore/snapshot.db" \
            --name \(node.name) --initial-cluster \(initialCluster) --initial-cluster-token \(source.token) \
            --initial-advertise-peer-urls \(node.peerURL) --data-dir "$data.restore/data" >"$data.restore/log" 2>&1 || {
                    cat "$data.restore/log" >&2
                    exit 1
                }
                rm -rf "$data/member"
                mv "$data.restore/data/member" "$data/member"
                rm -rf "$data.restore"
                echo \(source.token) >"$data.restored"
            fi
            systemctl start --no-block etcd2.service
            """
    }

    private func runAsRoot(_ script: String, on node: NodePlan, _ failure: String, limit: Duration) async throws {
        let command = "sudo sh -c \(ShellWord.quoted(script))"
        let output = try await shell.run(command, on: node.name, at: node.address, deadline: limit)
        guard output.exitCode == 0 else {
            throw await nodeFailure(node, what: "\(failure): \(output.standardError.trimmed)", unit: nil)
        }
    }
}
