import Foundation
import Testing

extension RealNodes {
    /// Changes of etcd's members that do not get far.
    @Suite(.serialized)
    struct MemberChangeTests {
        @Test(
            "members come and go, cut short at each of their steps, and etcd keeps what it was told",
            .timeLimit(.minutes(10))
        )
        func cutShort() async throws {
            try await TestCluster.with("members") { cluster in
                try cluster.writeTopology(members: 1, workers: 1)
                try await cluster.up()
                try await cluster.exec("central-1", "etcdctl put /told yes >/dev/null").expecting(0)
                var cuts = 0
                for (members, signal) in [(2, "HUP"), (1, "KILL"), (3, "KILL"), (1, "HUP")] {
                    cuts += try await change(cluster, to: members, signal: signal)
                    try await requireMembers(members, cluster)
                }
                print("\(cuts) cuts")
                // Short steps may be over before the signal is there.
                #expect(cuts > 10, "hardly a step was cut short")
                try await brokenConfig(cluster)
            }
        }

        /// Gives the same command again and again, and ends it at each step that it had not begun before.
        private func change(_ cluster: TestCluster, to members: Int, signal: String) async throws -> Int {
            try cluster.edit {
                $0 = $0.replacing(/count: \d\n {4}etcd: member/, with: "count: \(members)\n    etcd: member")
            }
            var seen: [String] = []
            while seen.count < 40 {
                // Ends it at the first step that has not been seen, and prints which one that was.
                let script = #"""
                    signal=$1 seen=$2; shift 2
                    said=$(mktemp -u); mkfifo "$said"
                    "$@" >"$said" 2>"$said.error" & pid=$!
                    while read -r line; do
                        [[ $line =~ \"event\":\"started\",\"step\":\"([^\"]*)\" ]] || continue
                        step=${BASH_REMATCH[1]}
                        [[ $seen != *" $step "* ]] && kill -s "$signal" $pid && echo "$step" && break
                    done <"$said"
                    wait $pid; code=$?
                    [ $code -ne 1 ] || cat "$said.error" >&2
                    rm "$said" "$said.error"
                    exit $code
                    """#
                let command = ["\(Program.directory)/slipway", "up", cluster.file, "--yes", "--json"]
                let known = " " + seen.joined(separator: " ") + " "
                let ran = try await Program.run(
                    ["bash", "-c", script, "bash", signal, known] + command,
                    deadline: 120
                )
                let step = ran.output.trimmingSuffix("\n")
                guard !step.isEmpty else {
                    try ran.expecting(0)
                    return seen.count
                }
                seen.append(step)
            }
            throw Unexpected("there is no end of steps: \(seen)")
        }

        private func requireMembers(
            _ count: Int,
            _ cluster: TestCluster,
            sourceLocation: SourceLocation = #_sourceLocation,
        ) async throws {
            try await cluster.requireHealthy()
            let script = """
                export ETCDCTL_API=3
                etcdctl get --print-value-only /told
                etcdctl member list | wc -l
                ! etcdctl member list | grep -v ', false$'
                """
            #expect(
                try await cluster.output("central-1", script) == "yes\n\(count)",
                "of \(count) members",
                sourceLocation: sourceLocation,
            )
        }

        /// Members that get a cloud-config which cannot be applied; the mended file brings them to their end.
        private func brokenConfig(_ cluster: TestCluster) async throws {
            let sound = try cluster.topologyText()
            try cluster.edit { $0 = $0.replacing(/count: 1\n {4}etcd: member/, with: "count: 3\n    etcd: member") }
            let grown = try cluster.topologyText()
            #expect(grown != sound)
            let broken = """
                cloud_config:
                  write_files:
                    - {path: /proc/no/such/place, content: nothing}

                """
            try cluster.edit { $0 += broken }
            let failed = try await Program.slipway(["up", cluster.file, "--yes"]).expecting(1)
            #expect(failed.error.contains("cloud-config is not applied"), "\(failed)")
            try cluster.write(grown, to: "\(cluster.name).yaml")
            try await cluster.up()
            try await requireMembers(3, cluster)
        }
    }
}
