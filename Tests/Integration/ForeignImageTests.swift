import Basics
import Foundation
import TestKit
import Testing

extension RealNodes {
    /// An image that knows nothing of Slipway.
    @Suite(.serialized)
    struct ForeignImageTests {
        /// Where Scripts/test makes a plain Debian cloud image.
        private static let image = "\(Program.checkout)/.build/cloud-image/debian.qcow2.zst"

        @Test(
            "a plain cloud image from a URL becomes a node beside a container",
            .enabled(if: Architecture.current == .amd64, "the image of Scripts/test is started by a BIOS"),
            .timeLimit(.minutes(20)),
        )
        func cloudImage() async throws {
            try await TestCluster.with("plain") { cluster in
                _ = try await Self.forget()
                let digest = try await Program.run(["sha256sum", Self.image]).expecting(0).output.prefix(64)
                try await Self.serving { url in
                    let wrong = String(repeating: "0", count: 64)
                    try cluster.write(Self.topology(cluster, url: url, sha256: wrong), to: "plain.yaml")
                    let refused = try await Program.slipway(["up", cluster.file, "--yes"], deadline: 120).expecting(1)
                    #expect(refused.text.contains("wanted is \(wrong)"), "\(refused)")

                    try cluster.write(Self.topology(cluster, url: url, sha256: "\(digest)"), to: "plain.yaml")
                    let planned = try await Program.slipway(["plan", cluster.file]).expecting(2)
                    #expect(planned.output.contains("fetch image \(digest.prefix(12)) from \(url)"), "\(planned)")
                    let up = try await cluster.up(deadline: 500)
                    print("a cloud image was fetched, booted and set up in \(up.took)")
                }
                try await ignitionIsTaken(cluster)
                // It is here now, whoever served it.
                try await cluster.requireHealthy()
                try await worksAsANode(cluster)
                try await isSmokeTested(cluster)
                try await Program.slipway(["down", cluster.name, "--yes", "--timeout", "0"]).expecting(0)
                let removed = try await Program.slipway(["image", "prune", "--yes"]).expecting(0)
                #expect(removed.output.contains(".qcow2"), "\(removed)")
                try #require(try await Self.forget() == 1)
            }
        }

        /// Flatcar and Fedora CoreOS cannot be had here. What libvirt would be given for them it takes.
        private func ignitionIsTaken(_ cluster: TestCluster) async throws {
            let text = """
                name: fwcfg
                roles:
                  core: {count: 1, etcd: member}
                  flatcar: {count: 1, runtime: vm, etcd: none, image: {file: IMAGE, kind: flatcar}}
                  fedora: {count: 1, runtime: vm, etcd: none, image: {file: IMAGE, kind: fedora-coreos}}

                """
            try cluster.write(text.replacing("IMAGE", with: Self.image), to: "fwcfg.yaml")
            for (node, name) in [("flatcar-1", "opt/org.flatcar-linux/config"), ("fedora-1", "opt/com.coreos/config")] {
                let script = """
                    set -e
                    "$0" render "$1/fwcfg.yaml" \(node) --part domain >"$1/domain.xml"
                    virsh -q -c qemu:///system define --validate "$1/domain.xml" >/dev/null
                    virsh -q -c qemu:///system dumpxml fwcfg.\(node) | grep -o "<entry name='.*' file='.*'/>"
                    virsh -q -c qemu:///system undefine fwcfg.\(node) >/dev/null
                    """
                let words = ["bash", "-c", script, "\(Program.directory)/slipway", cluster.directory]
                let said = try await Program.run(words).expecting(0).output
                #expect(said.hasPrefix("<entry name='\(name)' file='/"), "\(said)")
            }
        }

        private struct StoredImage: Decodable {
            var digest: String
            var source: String?
        }

        /// Removes the image from this host's store, where an earlier test may have left it.
        ///
        /// - Returns: how many there were.
        private static func forget() async throws -> Int {
            let stored = try await Program.slipway(["image", "list", "--json"]).json([StoredImage].self)
            let disks = stored.filter { $0.source?.contains("debian.qcow2.zst") == true }
            for disk in disks {
                try await Program.slipway(["image", "rm", String(disk.digest.prefix(16)), "--yes"]).expecting(0)
            }
            return disks.count
        }

        private func worksAsANode(_ cluster: TestCluster) async throws {
            let script = """
                set -e
                hostname; id -un; cat /etc/machine-id; ls /usr/bin/etcd 2>/dev/null || echo no etcd of its own
                fleetctl list-machines --no-legend | wc -l
                df --output=size -BG / | tail -n 1 | tr -dc 0-9
                """
            let said = try await cluster.output("plain-1", script).split(separator: "\n").map(String.init)
            try #require(said.count == 6, "\(said)")
            #expect([said[0], said[1], said[3], said[4]] == ["plain-1", "core", "no etcd of its own", "3"])
            #expect(Int(said[5]).map { $0 >= 9 } == true, "the root file system has \(said[5]) GiB")
            let node = try #require(try await cluster.status().node("plain-1"))
            #expect(node.machine_id.map { said[2].hasPrefix($0) } == true, "\(said[2]) is not \(node)")
            let keys = "http://\(try #require(node.address)):4001/v2/keys/from-plain"
            let written = "curl -sf -X PUT -d value=yes \(keys) >/dev/null && curl -sf \(keys)"
            #expect(try await Program.shell(written).expecting(0).output.contains(#""value":"yes""#))
        }

        /// The image has neither etcdctl nor Docker: its proxy is asked from a member, and Docker is not missed.
        private func isSmokeTested(_ cluster: TestCluster) async throws {
            let report = try await cluster.smoke(deadline: 300)
            let notes = report.checks.compactMap { check in check.message.map { "\(check.name): \($0)" } }
            let wanted = [
                "Docker pulls and runs a container on every node: without Docker, which their image lacks: plain-1",
                "containers on different nodes reach each other: no node has a subnet of flannel's",
                "names of nodes and units resolve on every node: the topology does not ask for names",
            ]
            #expect(notes == wanted, "\(report)")
        }

        /// Serves the image's directory over HTTP while `body` runs.
        private static func serving(_ body: (_ url: String) async throws -> Void) async throws {
            let port = try #require(try Loopback.freePorts(1).first)
            let directory = URL(filePath: image).deletingLastPathComponent().path(percentEncoded: false)
            let server = try GuardedProcess(
                ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", directory, "\(port)"],
                log: NSTemporaryDirectory() + "slipway-http-\(port).log",
            )
            defer { server.stop() }
            let name = URL(filePath: image).lastPathComponent
            try await eventually("the image is served") {
                await Loopback.http("HEAD", port: port, path: "/\(name)")?.status == 200
            }
            try await body("http://127.0.0.1:\(port)/\(name)")
        }

        private static func topology(_ cluster: TestCluster, url: String, sha256: String) -> String {
            """
            name: \(cluster.name)
            network:
              cidr: \(cluster.cidr)
            roles:
              central:
                count: 1
                etcd: member
              worker:
                count: 1
                etcd: proxy
              plain:
                count: 1
                runtime: vm
                memory: 768MiB
                etcd: proxy
                image:
                  url: \(url)
                  sha256: \(sha256)

            """
        }
    }
}
