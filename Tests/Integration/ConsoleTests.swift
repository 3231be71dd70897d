import Foundation
import Testing

extension RealNodes {
    /// A container's console, which nobody reads.
    @Suite(.serialized)
    struct ConsoleTests {
        @Test("a node whose console is written full, and whose libvirtd restarts, goes on", .timeLimit(.minutes(5)))
        func fullConsole() async throws {
            try await TestCluster.with("console") { cluster in
                try cluster.writeTopology(members: 1, workers: 0)
                try await cluster.up()
                let held = try await cluster.output("central-1", "sudo readlink /proc/1/fd/0 /proc/1/fd/1 /proc/1/fd/2")
                #expect(held.split(separator: "\n").allSatisfy { $0 == "/dev/null" }, "\(held)")
                try await fill(cluster)
                try await restartLibvirtd()
                try await fill(cluster)
                // Process 1 has something to say of each.
                let busy = "for i in $(seq 50); do sudo systemctl daemon-reload; sudo systemctl kill -s HUP dbus; done"
                try await cluster.exec("central-1", busy, deadline: 60).expecting(0)
                #expect(try await cluster.output("central-1", "systemctl is-system-running") == "running")
                let console = try await Program.slipway(["console", cluster.name, "central-1"]).expecting(1)
                #expect(console.error.contains("slipway ssh"), "\(console)")
                try await cluster.requireHealthy()
            }
        }

        /// Writes what no terminal holds.
        private func fill(_ cluster: TestCluster) async throws {
            for name in ["/dev/console", "/dev/tty1"] {
                let script = "head -c 4000000 /dev/zero | tr '\\0' x | sudo timeout 20 tee \(name) >/dev/null"
                try await cluster.exec("central-1", "set -o pipefail; \(script)", deadline: 40).expecting(0)
            }
        }

        private func restartLibvirtd() async throws {
            let script = """
                pkill -x libvirtd && while pgrep -x libvirtd >/dev/null; do sleep 0.1; done
                setsid libvirtd >/dev/null 2>&1 </dev/null &
                until virsh -q -c lxc:///system uri >/dev/null 2>&1; do sleep 0.1; done
                """
            try await Program.shell(script, deadline: 30).expecting(0)
        }
    }
}
