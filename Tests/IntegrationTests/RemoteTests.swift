import Foundation
import TestKit
import Testing

extension RealNodes {
    /// libvirt's host reached by ssh, as another machine's would be.
    @Suite(.serialized)
    struct RemoteTests {
        @Test("a machine is made, looked at and removed on a host that is reached by ssh", .timeLimit(.minutes(8)))
        func overSSH() async throws {
            try await TestCluster.with("remote") { cluster in
                try await Self.serving(cluster) { uri in
                    let connect = ["--connect", uri]
                    func slipway(_ words: [String], deadline: Int = 60, expecting code: Int = 0) async throws -> Ran {
                        try await Program.slipway([words[0]] + connect + words.dropFirst(), deadline: deadline).expecting(code)
                    }
                    try cluster.write(Self.topology(cluster, runtime: "container"), to: "remote.yaml")
                    let refused = try await slipway(["up", cluster.file, "--yes"], expecting: 1)
                    for word in ["remote.yaml:5", "a container's files must lie on the host it runs on"] {
                        #expect(refused.text.contains(word), "no '\(word)' in \(refused)")
                    }

                    try cluster.write(Self.topology(cluster, runtime: "vm"), to: "remote.yaml")
                    let up = try await slipway(["up", cluster.file, "--yes"], deadline: 300)
                    print("a machine came up on a host reached by ssh in \(up.took)")
                    _ = try await slipway(["plan", cluster.file])
                    let status = try await slipway(["status", cluster.name, "--json"]).json(ClusterReport.self)
                    #expect(status.problems.isEmpty, "\(status)")
                    let said = try await slipway(["exec", cluster.name, "core-1", "--", "hostname"])
                    #expect(said.output == "core-1\n")
                    _ = try await slipway(["stop", cluster.name, "core-1", "--force"])
                    let log = try await slipway(["logs", cluster.name, "core-1"])
                    #expect(log.output.contains("console: "), "\(log)")
                    _ = try await slipway(["down", cluster.name, "--yes"])
                    // libvirt's own log of a domain that was, which on another host stays as libvirt leaves it.
                    try await Program.run(["rm", "/var/log/libvirt/qemu/\(cluster.name).core-1.log"]).expecting(0)
                    let pruned = try await Program.slipway(["image", "prune"] + connect).expecting(0)
                    #expect(pruned.output.contains("Removed volume image-"), "\(pruned)")
                }
                // An ssh that does not answer says so, and nothing is taken for gone.
                let away = ["--connect", "qemu+ssh://root@127.0.0.1:1/system?no_verify=1"]
                let failed = try await Program.slipway(["status", cluster.name] + away).expecting(1)
                #expect(failed.text.contains("cannot connect to libvirt at qemu+ssh://"), "\(failed)")
            }
        }

        private static func topology(_ cluster: TestCluster, runtime: String) -> String {
            """
            name: \(cluster.name)
            network:
              cidr: \(cluster.cidr)
            roles:
              core:
                count: 1
                runtime: \(runtime)
                memory: 768MiB
                etcd: member

            """
        }

        /// Runs an ssh server of the sandbox's own, with a home of its own for root, while `body` runs.
        private static func serving(_ cluster: TestCluster, _ body: (_ uri: String) async throws -> Void) async throws {
            let port = try #require(try Loopback.freePorts(1).first)
            let (directory, key) = (cluster.directory, "\(cluster.directory)/key")
            let keys = "ssh-keygen -q -t ed25519 -N '' -f \(key) && dropbearkey -t ed25519 -f \(directory)/host >/dev/null"
            try await Program.shell(keys).expecting(0)
            let script = """
                mount -t tmpfs -o mode=0700 home /root && mkdir -m 0700 /root/.ssh && cp "$0/key.pub" /root/.ssh/authorized_keys &&
                    exec dropbear -F -E -s -W 10000000 -r "$0/host" -P "$0/pid" -p 127.0.0.1:\(port)
                """
            let server = try GuardedProcess(
                ["unshare", "--mount", "sh", "-c", script, directory],
                log: NSTemporaryDirectory() + "slipway-dropbear-\(port).log",
            )
            defer { server.stop() }
            try await eventually("ssh is served: \(server.logTail())") {
                try await Program.shell("exec 3<>/dev/tcp/127.0.0.1/\(port)").exitCode == 0
            }
            // The host's own list of known hosts is none of a test's business.
            let command = "#!/bin/sh\nexec ssh -F none -o UserKnownHostsFile=\(directory)/known -o LogLevel=ERROR \"$@\"\n"
            try cluster.write(command, to: "ssh")
            try await Program.run(["chmod", "+x", "\(directory)/ssh"]).expecting(0)
            try await body("qemu+ssh://root@127.0.0.1:\(port)/system?keyfile=\(key)&no_verify=1&command=\(directory)/ssh")
        }
    }
}
