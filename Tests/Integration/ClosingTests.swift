import Foundation
import Testing

extension RealNodes {
    /// What leaves the file leaves the node, and what stops is given its time.
    @Suite(.serialized)
    struct ClosingTests {
        private static let open = """
            docker: {tcp: true, insecure: true}
            cloud_config:
              users:
                - {name: guest, groups: [sudo], ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGuest guest]}
              write_files: [{path: /etc/extra, content: hello}]

            """

        @Test(
            "ports, people and files that leave the file are closed, locked out and gone",
            .timeLimit(.minutes(6))
        )
        func portsClose() async throws {
            try await TestCluster.with("closes") { cluster in
                try cluster.writeTopology(members: 1, workers: 0, extra: Self.open)
                let closed = try cluster.topologyText().replacing(Self.open, with: "")
                try cluster.edit {
                    $0 = $0.replacing("fleet:\n", with: "fleet:\n  tcp: true\n  insecure: true\n")
                }
                try await cluster.up()
                let ports = "ss -Hltn | grep -oE ':(2375|49153) ' | sort | tr -d '\\n'"
                #expect(try await cluster.output("central-1", ports) == ":2375 :49153 ")
                #expect(
                    try await cluster.output("central-1", "id -nG guest; cat /etc/extra").contains("sudo")
                )
                try cluster.edit { $0 = closed }
                try await cluster.up()
                try await cluster.requireHealthy()
                #expect(try await cluster.output("central-1", "\(ports) || true") == "")
                let left = """
                    id -nG guest; sudo passwd -S guest | cut -d' ' -f2; ls /etc/extra 2>&1 | grep -c 'No such'
                    sudo sh -c 'grep -c guest /home/guest/.ssh/authorized_keys' || true; ls -d /home/guest
                    """
                #expect(try await cluster.output("central-1", left) == "guest\nL\n1\n0\n/home/guest")
            }
        }

        @Test(
            "units of a node that is rebooted or removed have the time they ask for",
            .timeLimit(.minutes(6))
        )
        func stopsArePatient() async throws {
            try await TestCluster.with("patient") { cluster in
                // Longer than the ten seconds that would once have been all.
                let unit = """
                    [Service]
                    ExecStart=/bin/sleep infinity
                    ExecStop=/bin/sh -c 'sleep 12; echo flushed >>/var/lib/flushed'
                    [X-Fleet]
                    MachineMetadata=role=worker

                    """
                try cluster.writeTopology(members: 1, workers: 1, units: ["slow.service": unit])
                try await cluster.up()
                try await Program.slipway(["roll", cluster.file, "worker-1"], deadline: 120).expecting(0)
                #expect(try await cluster.output("worker-1", "cat /var/lib/flushed") == "flushed")
                try await cluster.settle()
                let cut = try await Program.slipway(
                    ["roll", cluster.file, "worker-1", "--timeout", "2"],
                    deadline: 120
                )
                .expecting(0)
                #expect(cut.text.contains("power cut after 2 s"), "\(cut)")
                #expect(try await cluster.output("worker-1", "cat /var/lib/flushed") == "flushed")
            }
        }
    }
}
