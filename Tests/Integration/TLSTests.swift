import Foundation
import Testing

extension RealNodes {
    /// A cluster in which etcd and Docker speak TLS, and only with those who have a certificate.
    @Suite(.serialized)
    struct TLSTests {
        private static let marker = "PRIVATE KEY"

        @Test(
            "etcd, fleet and Docker work over TLS, refuse strangers, and get new keys one by one",
            .timeLimit(.minutes(6))
        )
        func life() async throws {
            try await TestCluster.with("tls") { cluster in
                let strategy = "cloud_config: {coreos: {update: {reboot_strategy: etcd-lock}}}\n"
                let extra = "etcd: {tls: true}\ndocker: {tls: true}\n" + strategy
                try cluster.writeTopology(members: 1, workers: 1, extra: extra)
                try cluster.edit { $0 = $0.replacing("fleet:\n", with: "fleet:\n  tcp: true\n") }
                let up = try await cluster.up()
                try await cluster.requireHealthy()
                try await nodesHaveWhatTheyNeed(cluster)
                try await theHostHasToo(cluster)
                try await RollTests.rebootOnRequest("worker-1", of: cluster)
                try await strangersAreRefused(cluster)
                let first = try await serials(cluster)
                try await keep(cluster)
                let renewal = try await Program.slipway(["up", cluster.file, "--rotate-certs", "--json"]).expecting(0)
                try await cluster.requireHealthy()
                try await nodesHaveWhatTheyNeed(cluster)
                try await theHostHasToo(cluster)
                #expect(Set(first).isDisjoint(with: try await serials(cluster)), "certificates stayed as they were")
                #expect(try await isServedWithWhatWasKept(cluster))
                try await Program.slipway(["up", cluster.file, "--rotate-certs"]).expecting(0)
                #expect(try await isServedWithWhatWasKept(cluster) == false, "keys of two renewals ago still open etcd")
                try await keysAreNowhere(cluster, said: [up.text, renewal.text])
            }
        }

        /// etcdctl and fleetctl as anyone on a node uses them.
        private func nodesHaveWhatTheyNeed(_ cluster: TestCluster, sourceLocation: SourceLocation = #_sourceLocation)
            async throws
        {
            for node in ["central-1", "worker-1"] {
                let script = """
                    set -e
                    etcdctl put /on/$(hostname) yes >/dev/null
                    etcdctl --endpoints https://localhost:4001 get --print-value-only /on/$(hostname)
                    sudo etcdctl get --print-value-only /on/$(hostname)
                    fleetctl list-machines --no-legend | wc -l
                    locksmithctl status | head -n 1
                    """
                #expect(
                    try await cluster.output(node, script) == "yes\nyes\n2\nAvailable: 1",
                    "\(node)",
                    sourceLocation: sourceLocation,
                )
            }
        }

        /// What `slipway env` exports is enough for the programs of this host.
        private func theHostHasToo(_ cluster: TestCluster, sourceLocation: SourceLocation = #_sourceLocation)
            async throws
        {
            let script = """
                set -e
                eval "$("$1" env "$2")"
                etcdctl get --print-value-only /on/worker-1
                "$(dirname "$1")"/slipway-node fleetctl list-machines --no-legend | wc -l
                printf %s "$DOCKER_HOST" | sed 's/.*://'; echo
                curl -sS --cacert "$DOCKER_CERT_PATH/ca.pem" --cert "$DOCKER_CERT_PATH/cert.pem" \
                    --key "$DOCKER_CERT_PATH/key.pem" "https://${DOCKER_HOST#tcp://}/_ping"; echo
                "$3" version --format '{{.Server.Os}}'
                stat -c %a "$ETCDCTL_KEY" "$DOCKER_CERT_PATH"
                """
            let words = ["bash", "-c", script, "bash", "\(Program.directory)/slipway", cluster.name, Program.docker]
            let ran = try await Program.run(words).expecting(0)
            #expect(ran.output == "yes\n2\n2376\nOK\nlinux\n600\n700\n", "\(ran)", sourceLocation: sourceLocation)
        }

        /// Keeps what this host's programs show the cluster now.
        private func keep(_ cluster: TestCluster) async throws {
            let script = #"eval "$("$1" env "$2")" && cp -r "$DOCKER_CERT_PATH" "$3/kept""#
            let words = ["\(Program.directory)/slipway", cluster.name, cluster.directory]
            try await Program.run(["bash", "-c", script, "bash"] + words).expecting(0)
        }

        private func isServedWithWhatWasKept(_ cluster: TestCluster, sourceLocation: SourceLocation = #_sourceLocation)
            async throws -> Bool
        {
            let address = try #require(
                try await cluster.status().node("central-1")?.address,
                sourceLocation: sourceLocation,
            )
            let script = #"""
                cd "$1"/kept && curl -sS -k -m 5 --cert cert.pem --key key.pem "https://$2:2379/version"
                """#
            return try await Program.run(["bash", "-c", script, "bash", cluster.directory, address]).exitCode == 0
        }

        private func strangersAreRefused(_ cluster: TestCluster) async throws {
            let addresses = try await cluster.status().nodes.compactMap(\.address)
            let script = #"""
                for address in "$@"; do
                    for port in 2379 4001 2376; do
                        for url in http://$address:$port https://$address:$port; do
                            ! curl -sf -k -m 5 $url/version || echo "$url serves anyone"
                        done
                    done
                    for scheme in http https; do
                        ! curl -sf -k -m 5 $scheme://$address:49153/fleet/v1/machines || echo "fleet serves anyone"
                    done
                    for port in 2375 7001; do
                        ! (exec 3<>/dev/tcp/$address/$port) 2>/dev/null || echo "port $port of $address is open"
                    done
                done
                """#
            let ran = try await Program.run(["bash", "-c", script, "bash"] + addresses).expecting(0)
            #expect(ran.output.isEmpty, "\(ran)")
        }

        private func serials(_ cluster: TestCluster, sourceLocation: SourceLocation = #_sourceLocation) async throws
            -> [String]
        {
            var serials: [String] = []
            for node in ["central-1", "worker-1"] {
                let script = """
                    for file in /etc/ssl/etcd/*.pem /etc/docker/*.pem; do
                        case $file in *key.pem | */ca.pem) ;; *) openssl x509 -noout -serial -in $file ;; esac
                    done
                    """
                serials += try await cluster.output(node, script).split(separator: "\n").map(String.init)
            }
            #expect(serials.count == 8, sourceLocation: sourceLocation)
            return serials
        }

        /// Not in what Slipway prints, nor in libvirt, nor in any journal.
        private func keysAreNowhere(_ cluster: TestCluster, said: [String]) async throws {
            var texts = said
            for arguments in [
                ["plan", cluster.file, "--rotate-certs"], ["plan", cluster.file, "--rotate-certs", "--json"],
                ["render", cluster.file, "worker-1"], ["render", cluster.file, "worker-1", "--part", "domain"],
                ["status", cluster.name, "--json"], ["env", cluster.name], ["logs", cluster.name, "worker-1"],
            ] {
                texts.append(try await Program.slipway(arguments).text)
            }
            for node in ["central-1", "worker-1"] {
                texts.append(try await Program.virsh("dumpxml", "\(cluster.name).\(node)").output)
                texts.append(try await cluster.output(node, "sudo journalctl --no-pager --quiet"))
            }
            for text in texts { #expect(!text.isEmpty && !text.contains(Self.marker)) }
            let rendered = try await Program.slipway(["render", cluster.file, "worker-1", "--secrets"]).expecting(0)
            #expect(rendered.output.contains(Self.marker))
        }
    }
}
