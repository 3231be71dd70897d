import Foundation
import Testing

extension RealNodes {
    /// A cluster is kept in a file, and made from it again.
    @Suite(.serialized)
    struct BackupTests {
        private static let zone = "[X-Fleet]\nMachineMetadata=role=worker\n"

        @Test(
            "a backup brings keys, units and identities back, anew, beside, and over what is there",
            .timeLimit(.minutes(5))
        )
        func restores() async throws {
            try await TestCluster.with("kept") { cluster in
                try cluster.writeTopology(members: 1, workers: 1, units: ["web.service": Units.sleeper(Self.zone)])
                try await cluster.up()
                try await fill(cluster)
                let before = try await identity(of: cluster)
                let key = "\(cluster.directory)/key"
                try cluster.write("a passphrase\n", to: "key")
                let file = "\(cluster.directory)/kept.backup"
                let ran = try await Program.slipway(["backup", cluster.file, file, "--passphrase-file", key]).expecting(
                    0
                )
                #expect(ran.output.contains("2 units"), "\(ran)")
                try await Program.slipway(["backup", "check", file]).expecting(1)
                try await cluster.down()
                // What was there of the topology is in the file, too.
                try FileManager.default.removeItem(atPath: "\(cluster.directory)/web.service")
                let restore = ["restore", file, "--passphrase-file", key, "--yes"]
                try await Program.slipway(restore).expecting(0)
                // The backup does not have its own beginning.
                let history = try await Program.slipway(["history", cluster.name]).expecting(0)
                #expect(!history.output.contains("begun"), "\(history)")
                try await requireKeys(cluster)
                #expect(try await identity(of: cluster) == before)
                try await Program.slipway([
                    "restore", file, "--passphrase-file", key, "--extract", "\(cluster.directory)/out",
                ])
                .expecting(0)
                let extracted = "\(cluster.directory)/out/kept.yaml"
                try await Program.slipway(["plan", extracted]).expecting(0)
                try cluster.write(Units.sleeper(Self.zone), to: "web.service")
                try await beside(cluster, restore)
                try await clone(cluster)
                try await over(cluster, restore)
            }
        }

        /// Keys of both stores, one of them with a time to live, and a unit that somebody gave fleet by hand.
        private func fill(_ cluster: TestCluster) async throws {
            let unit = Units.sleeper(Self.zone)
            try await cluster.put(unit, "/tmp/byhand.service", on: "central-1")
            _ = try await cluster.output(
                "central-1",
                """
                cd /tmp && fleetctl start byhand.service >/dev/null && etcdctl put /three three >/dev/null &&
                etcdctl set /two/a two >/dev/null && etcdctl set /two/brief gone --ttl 500 >/dev/null
                """,
            )
        }

        private func requireKeys(
            _ cluster: TestCluster,
            name: String? = nil,
            sourceLocation: SourceLocation = #_sourceLocation,
        ) async throws {
            let script = """
                etcdctl get --print-value-only /three; etcdctl get /two/a; etcdctl get /two/brief
                for i in $(seq 100); do
                    fleetctl list-units --no-legend --fields=unit,active | sort >/tmp/units
                    [ $(grep -cw active /tmp/units) -ne 2 ] || break
                    sleep 0.1
                done
                cat /tmp/units
                """
            let said = try await Program.slipway(["exec", name ?? cluster.name, "central-1", "--", script]).expecting(0)
            let lines = said.output.split(separator: "\n").map { $0.split(separator: "\t").joined(separator: " ") }
            #expect(
                lines == ["three", "two", "gone", "byhand.service active", "web.service active"],
                "\(said)",
                sourceLocation: sourceLocation,
            )
        }

        private func identity(of cluster: TestCluster) async throws -> String {
            let script =
                "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub; fleetctl list-machines --no-legend --full"
            return try await cluster.output("worker-1", script)
        }

        /// Under another name, with machines of its own, while the first runs on.
        private func beside(_ cluster: TestCluster, _ restore: [String]) async throws {
            let name = "keptto"
            do {
                try await Program.slipway(restore + ["--name", name, "--cidr", "10.73.99.0/24"]).expecting(0)
                try await requireKeys(cluster, name: name)
                let machines = try await Program.slipway(
                    ["exec", name, "central-1", "--", "fleetctl list-machines --no-legend | wc -l"]
                ).expecting(0)
                #expect(machines.output == "2\n", "machines of the first are listed: \(machines)")
            } catch {
                try await Program.slipway(["down", name, "--yes", "--timeout", "0"]).expecting(0)
                throw error
            }
            try await Program.slipway(["down", name, "--yes", "--timeout", "0"]).expecting(0)
            try await cluster.requireHealthy()
        }

        /// Another that begins with the keys that the first has now.
        private func clone(_ cluster: TestCluster) async throws {
            let name = "kepttwo"
            do {
                try await Program.slipway(["clone", cluster.file, cluster.name, "--yes"]).expecting(1)
                try await Program.slipway(["clone", cluster.file, name, "--cidr", "10.73.98.0/24"]).expecting(0)
                try await requireKeys(cluster, name: name)
                try await Program.slipway(["clone", cluster.file, name]).expecting(1)
            } catch {
                try await Program.slipway(["down", name, "--yes", "--timeout", "0"]).expecting(0)
                throw error
            }
            try await Program.slipway(["down", name, "--yes", "--timeout", "0"]).expecting(0)
        }

        /// What was written since is gone, and the worker's units have not been restarted.
        private func over(_ cluster: TestCluster, _ restore: [String]) async throws {
            let started = "systemctl show -p ExecMainStartTimestampMonotonic --value web.service"
            let before = try await cluster.output("worker-1", started)
            _ = try await cluster.output(
                "central-1",
                "etcdctl put /since x >/dev/null; etcdctl set /two/a other >/dev/null"
            )
            let asked = try await Program.slipway(restore.filter { $0 != "--yes" }).expecting(1)
            // It is another etcd since the first restore.
            #expect(asked.text.contains("The backup is of another etcd than the one there"), "\(asked)")
            try await Program.slipway(restore).expecting(0)
            try await requireKeys(cluster)
            #expect(try await cluster.output("central-1", "etcdctl get --print-value-only /since") == "")
            #expect(try await cluster.output("worker-1", started) == before)
            try await cluster.requireHealthy()
        }
    }
}
