import Basics
import Foundation
import Testing

extension RealNodes {
    /// Virtual machines, and containers beside them. Without the processor's help a machine takes half a minute to
    /// boot.
    @Suite(.serialized)
    struct MachineTests {
        @Test(
            "machines and containers make one cluster, which works, and is switched off and on",
            .timeLimit(.minutes(25))
        )
        func mixed() async throws {
            try await TestCluster.with("mixed") { cluster in
                try cluster.write(Self.topology(cluster), to: "mixed.yaml")
                let planned = try await Program.slipway(["plan", cluster.file]).expecting(2)
                #expect(planned.output.contains("Virtual machines run by"), "\(planned)")
                let up = try await cluster.up(deadline: Self.patience)
                print("a machine and two containers came up in \(up.took)")
                try await isAsPlanned(cluster)
                try await consoleAnswers(cluster)
                let begin = ContinuousClock.now
                let smoke = try await cluster.smoke(deadline: Self.patience)
                let check = smoke.checks.first { $0.name == "containers on different nodes reach each other" }
                #expect(check?.outcome == "passed" && check?.message == nil, "\(smoke)")
                print("their smoke test took \(ContinuousClock.now - begin)")
                try await chaos(cluster)
                try await dockerAnswers(cluster)
                try await power(cluster)
                try await Program.slipway(["down", cluster.name, "--yes", "--timeout", "0"]).expecting(0)
                try await HostTraces.requireNothingSince(cluster.before, after: "taking machines down")
                try await prune()
            }
        }

        /// Seconds that a command may take which boots machines.
        private static let patience = 420

        /// A worker as a machine beside a member and a worker as containers. A member that is a machine, whose boot
        /// costs as much again, is the one of `RemoteTests`.
        private static func topology(_ cluster: TestCluster) -> String {
            """
            name: \(cluster.name)
            network:
              cidr: \(cluster.cidr)
            defaults:
              runtime: container
            docker:
              tcp: true
              insecure: true
            flannel: {}
            roles:
              central:
                count: 1
                etcd: member
              machine:
                count: 1
                runtime: vm
                memory: 768MiB
                etcd: proxy
              worker:
                count: 1
                etcd: proxy

            """
        }

        private func isAsPlanned(_ cluster: TestCluster) async throws {
            try await cluster.requireHealthy()
            let report = try await cluster.status()
            #expect(report.problems.isEmpty, "\(report)")
            #expect(report.nodes.map(\.name) == ["central-1", "machine-1", "worker-1"])
            let domain = try await Program.run(
                ["virsh", "-q", "-c", "qemu:///system", "dumpxml", "\(cluster.name).machine-1"]
            ).expecting(0)
            let type = Architecture.current.machineType
            for expected in [type, "phase=\"ready\"", "org.qemu.guest_agent.0", "state='connected'", "/dev/urandom"] {
                #expect(domain.output.contains(expected), "no \(expected) in \(domain)")
            }
            // The disk is as large as was asked for, and the file system grew to it.
            let size = try await cluster.output("machine-1", "df --output=size -BG / | tail -n 1 | tr -dc 0-9")
            #expect(Int(size).map { $0 >= 8 } == true, "the root file system has \(size) GiB")
        }

        /// A fault that only machines have: containers share the host's clock. One, as each login to a machine takes long.
        private func chaos(_ cluster: TestCluster) async throws {
            try cluster.write(
                """
                name: machine
                every: 100ms
                faults:
                  - {fault: clock-jump, lasts: 1s}
                  - {fault: freeze, lasts: 1s, roles: [machine]}
                  - {fault: cut, lasts: 1s, roles: [machine]}
                  - {fault: slow-processor, lasts: 1s, roles: [machine]}
                  - {fault: slow-disk, lasts: 1s, roles: [machine]}
                  - {fault: low-memory, lasts: 1s, roles: [machine]}
                """,
                to: "scenario.yaml"
            )
            let words = ["--scenario", "\(cluster.directory)/scenario.yaml", "--once"]
            let ran = try await Program.slipway(["chaos", cluster.name, "--json", "--yes"] + words, deadline: 150)
                .expecting(0)
            let report: ChaosTests.Report = try ran.json()
            #expect(report.holds && report.notes.isEmpty, "\(ran)")
            let faults = ["clock-jump", "cut", "freeze", "low-memory", "slow-disk", "slow-processor"]
            #expect(report.faults.map(\.fault).sorted() == faults, "\(ran)")
            #expect(report.faults.allSatisfy { $0.nodes == ["machine-1"] && $0.end != nil }, "\(ran)")
            let clock = try await cluster.output("machine-1", "date +%s")
            let here = Date().timeIntervalSince1970
            #expect(Double(clock).map { abs($0 - here) < 30 } == true, "the machine's clock says \(clock), not \(here)")
            print("the machine had \(report.faults.count) faults, \(ran.took)")
        }

        /// The host's docker client runs a container on the machine.
        private func dockerAnswers(_ cluster: TestCluster) async throws {
            let address = try #require(try await cluster.status().node("machine-1")?.address)
            let words = [Program.docker, "--host", "tcp://\(address):2375", "run", "--rm", "busybox", "echo", "hello"]
            let ran = try await Program.run(words).expecting(0)
            #expect(ran.output == "hello\n", "\(ran)")
        }

        /// A person at the serial console is logged in, and told how to leave.
        private func consoleAnswers(_ cluster: TestCluster) async throws {
            let command = "\(Program.directory)/slipway console \(cluster.name) machine-1"
            let script = """
                coproc terminal { exec script -qefc '\(command)' /dev/null; }
                exec 3<&"${terminal[0]}" 4>&"${terminal[1]}"
                # A line that is typed before the console is attached is lost.
                while sleep 2; do printf 'echo $((6 * 7))-answers\\r' >&4; done 2>/dev/null & typist=$!
                while IFS= read -r -t 100 line <&3; do
                    printf '%s\\n' "$line"
                    case $line in *42-answers*) break ;; esac
                done
                kill $typist
                printf '\\035' >&4
                wait
                """
            let said = try await Program.shell(script, deadline: 150)
            #expect(said.output.contains("42-answers"), "\(said)")
            #expect(said.output.contains("Ctrl-] detaches"), "\(said)")
        }

        private func power(_ cluster: TestCluster) async throws {
            let stop = ["stop", cluster.name, "machine-1", "--timeout", "150"]
            let stopped = try await Program.slipway(stop, deadline: 180).expecting(0)
            #expect(stopped.output.contains("Stopped machine-1"), "it did not stop by itself: \(stopped)")
            let off = try await cluster.status().node("machine-1")
            #expect(off?.state == "off", "\(off as Any)")
            let log = try await Program.slipway(["logs", cluster.name, "machine-1"]).expecting(0)
            #expect(log.output.contains("console: "), "\(log)")
            let plan = try await Program.slipway(["plan", cluster.file]).expecting(2)
            #expect(plan.output.contains("start machine-1"), "\(plan)")
            let again = try await cluster.up(deadline: Self.patience)
            #expect(again.text.contains("start machine-1"), "\(again)")

            let cut = try await Program.slipway(["stop", cluster.name, "machine-1", "--force"]).expecting(0)
            #expect(cut.output.contains("Cut the power of machine-1"), "\(cut)")
            let restarted = try await Program.slipway(["restart", cluster.name, "worker-1"], deadline: 90).expecting(0)
            #expect(restarted.output.contains("Started worker-1"), "\(restarted)")
        }

        /// Nothing lies on the images any more; with them goes the pool.
        private func prune() async throws {
            let removed = try await Program.slipway(["image", "prune", "--yes"]).expecting(0)
            #expect(removed.output.contains("Removed volume image-"), "\(removed)")
            let pools = try await Program.run(["virsh", "-q", "-c", "qemu:///system", "pool-list", "--all", "--name"])
                .expecting(0)
            #expect(!pools.output.contains("slipway"), "\(pools)")
            #expect(!FileManager.default.fileExists(atPath: "/var/lib/libvirt/images/slipway"))
        }
    }
}
