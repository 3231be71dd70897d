import Foundation
import TestKit
import Testing

extension RealNodes {
    /// libvirt's host reached by ssh from a network in which nothing else of it can be reached, as another machine's
    /// is.
    @Suite(.serialized)
    struct RemoteTests {
        @Test("a machine is made, looked at and removed on a host that is reached by ssh", .timeLimit(.minutes(8)))
        func overSSH() async throws {
            try await TestCluster.with("remote") { cluster in
                try await Self.apart { try await Self.serving(cluster) { try await Self.life(of: cluster, at: $0) } }
                // An ssh that does not answer says so, and nothing is taken for gone.
                let away = ["--connect", "qemu+ssh://root@127.0.0.1:1/system?no_verify=1"]
                let failed = try await Program.slipway(["status", cluster.name] + away).expecting(1)
                #expect(failed.text.contains("cannot connect to libvirt at qemu+ssh://"), "\(failed)")
            }
        }

        private static func life(of cluster: TestCluster, at uri: String) async throws {
            @discardableResult
            func slipway(_ words: String..., deadline: Int = 60, expecting code: Int = 0) async throws -> Ran {
                let command = ["\(Program.directory)/slipway"] + words + ["--connect", uri]
                return try await away(command, deadline: deadline).expecting(code)
            }
            try cluster.write(topology(cluster, runtime: "container"), to: "remote.yaml")
            let refused = try await slipway("up", cluster.file, "--yes", expecting: 1)
            for word in ["remote.yaml:5", "a container's files must lie on the host it runs on"] {
                #expect(refused.text.contains(word), "no '\(word)' in \(refused)")
            }

            try cluster.write(topology(cluster, runtime: "vm"), to: "remote.yaml")
            let up = try await slipway("up", cluster.file, "--yes", deadline: 300)
            print("a machine came up on a host reached by ssh in \(up.took)")
            try await slipway("plan", cluster.file)
            let status = try await slipway("status", cluster.name, "--json").json(ClusterReport.self)
            #expect(status.problems.isEmpty, "\(status)")
            let address = try #require(status.node("core-1")?.address)
            #expect(try await away(["ip", "route", "get", address]).exitCode != 0, "there is a way to it without ssh")

            try cluster.write(try await slipway("ssh-config", cluster.name).output, to: "ssh-config")
            let list = "hostname; fleetctl list-machines --no-legend"
            let machines = try await away(["ssh", "-F", "\(cluster.directory)/ssh-config", "core-1", list]).expecting(0)
            #expect(machines.output.hasPrefix("core-1\n") && machines.output.contains(address), "\(machines)")
            let env = try await slipway("env", cluster.name)
            #expect(env.output.contains("FLEETCTL_TUNNEL=\(address)"), "\(env)")
            try await slipway("stop", cluster.name, "core-1", "--force")
            let log = try await slipway("logs", cluster.name, "core-1")
            #expect(log.output.contains("console: "), "\(log)")
            try await slipway("down", cluster.name, "--yes", "--timeout", "0")
            // libvirt's own log of a domain that was, which on another host stays as libvirt leaves it.
            try await Program.run(["rm", "/var/log/libvirt/qemu/\(cluster.name).core-1.log"]).expecting(0)
            let pruned = try await slipway("image", "prune", "--yes")
            #expect(pruned.output.contains("Removed volume image-"), "\(pruned)")
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

        // MARK: The two hosts

        private static let network = "operator"
        /// The addresses of the two, of which there is no more in this network (RFC 5737).
        private static let (here, there) = ("192.0.2.1", "192.0.2.2")

        /// Runs a program on the other side.
        private static func away(_ command: [String], deadline: Int = 60) async throws -> Ran {
            try await Program.run(["ip", "netns", "exec", network] + command, deadline: deadline)
        }

        /// Makes the other side while `body` runs.
        private static func apart(_ body: () async throws -> Void) async throws {
            let script = """
                ip netns add \(network) && ip link add \(network) type veth peer name uplink netns \(network) &&
                    ip address add \(here)/30 dev \(network) && ip link set \(network) up &&
                    ip -n \(network) address add \(there)/30 dev uplink && ip -n \(network) link set uplink up &&
                    ip -n \(network) link set lo up
                """
            try await Program.shell(script).expecting(0)
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            // The directory is mounted on itself since the first namespace.
            try await Program.shell("ip link del \(network) && ip netns del \(network) && umount /run/netns").expecting(
                0
            )
            try result.get()
        }

        /// Runs an ssh server of the sandbox's own, with a home of its own for root, while `body` runs.
        private static func serving(_ cluster: TestCluster, _ body: (_ uri: String) async throws -> Void) async throws {
            let port = try #require(try Loopback.freePorts(1).first)
            let (directory, key) = (cluster.directory, "\(cluster.directory)/key")
            let keys =
                "ssh-keygen -q -t ed25519 -N '' -f \(key) && dropbearkey -t ed25519 -f \(directory)/host >/dev/null"
            try await Program.shell(keys).expecting(0)
            let script = """
                mount -t tmpfs -o mode=0700 home /root && mkdir -m 0700 /root/.ssh && cp "$0/key.pub" /root/.ssh/authorized_keys &&
                    exec dropbear -F -E -s -W 10000000 -r "$0/host" -P "$0/pid" -p \(here):\(port)
                """
            let server = try GuardedProcess(
                ["unshare", "--mount", "sh", "-c", script, directory],
                log: NSTemporaryDirectory() + "slipway-dropbear-\(port).log",
            )
            defer { server.stop() }
            try await eventually("ssh is served: \(server.logTail())") {
                try await Program.shell("exec 3<>/dev/tcp/\(here)/\(port)").exitCode == 0
            }
            // The host's own list of known hosts is none of a test's business.
            let command =
                "#!/bin/sh\nexec ssh -F none -o UserKnownHostsFile=\(directory)/known -o LogLevel=ERROR \"$@\"\n"
            try cluster.write(command, to: "ssh")
            try await Program.run(["chmod", "+x", "\(directory)/ssh"]).expecting(0)
            try await body("qemu+ssh://root@\(here):\(port)/system?keyfile=\(key)&no_verify=1&command=\(directory)/ssh")
        }
    }
}
