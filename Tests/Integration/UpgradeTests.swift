import Foundation
import TestKit
import Testing

extension RealNodes {
    /// Another root under nodes that live, and the way back.
    @Suite(.serialized)
    struct UpgradeTests {
        /// The unit of every node that a bad root makes fail.
        private static let probe = """
            [Service]
            ExecStart=/bin/sh -c '! test -e /usr/share/slipway-bad && exec sleep infinity'

            """
        private static let everywhere = """
            [Service]
            ExecStart=/bin/sleep infinity

            [X-Fleet]
            Global=true

            """

        @Test("nodes get another root with what they hold, a bad one goes back by itself", .timeLimit(.minutes(8)))
        func upgrade() async throws {
            // The nodes run on the roots until the cluster is gone.
            try await Roots.with { roots in
                let good = try await roots.make("good", changing: "touch usr/share/slipway-good")
                let bad = try await roots.make("bad", changing: "touch usr/share/slipway-bad")
                let dead = try await roots.make("dead", changing: "rm lib/systemd/systemd")
                let hung = try await roots.make("hung", changing: Self.hang)
                try await TestCluster.with("upgrade") { cluster in
                    try cluster.writeTopology(
                        members: 3,
                        workers: 1,
                        units: ["all.service": Self.everywhere],
                        extra: Self.cloudConfig
                    )
                    try await cluster.up()
                    try await forward(cluster, to: good)
                    try await cluster.requireHealthy()
                    try await fails(cluster, to: bad, because: "probe.service ran before and has failed")
                    try await fails(cluster, to: dead, because: "it went back by itself: cannot run /sbin/init")
                    try await decides(cluster, to: bad, because: "probe.service ran before and has failed")
                    try await decides(cluster, to: hung, because: "it did not come far enough to say why")
                    try await cluster.requireHealthy()
                    try await back(cluster, from: good)
                    try await stages(cluster, good)
                    try await cluster.requireHealthy()
                }
            }
        }

        /// An init that says its version and does nothing else.
        private static let hang = """
            rm lib/systemd/systemd
            printf '#!/bin/sh\n[ "$1" = --version ] || exec sleep infinity\n' >lib/systemd/systemd
            chmod 0755 lib/systemd/systemd
            """

        private static let cloudConfig = """
            cloud_config:
              coreos:
                update: {reboot_strategy: etcd-lock}
                units:
                  - name: probe.service
                    command: start
                    content: |
            \(probe.split(separator: "\n").map { "          \($0)" }.joined(separator: "\n"))

            """

        private static let nodes = ["central-1", "central-2", "central-3", "worker-1"]
        /// What a node is and holds, in a line each.
        private static let identity = """
            cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub /etc/mark /var/lib/mark /usr/local/bin/mark
            sudo journalctl -q -o cat -t upgrade-mark
            """

        private func forward(_ cluster: TestCluster, to root: String) async throws {
            var before: [String: String] = [:]
            for node in Self.nodes {
                let mark = """
                    echo \(node) | sudo tee /etc/mark /var/lib/mark /usr/local/bin/mark >/dev/null
                    echo '#!/bin/sh' | sudo tee /usr/bin/jq >/dev/null
                    logger -t upgrade-mark kept-\(node)
                    sudo journalctl --sync
                    """
                try await cluster.exec(node, mark).expecting(0)
                before[node] = try await cluster.output(node, Self.identity)
            }
            let dry = try await Program.slipway(["upgrade", cluster.file, "--to", root, "--dry-run"]).expecting(2)
            #expect(dry.output.contains("worker-1 gets another image"))
            let members = try await cluster.status().nodes.filter { $0.role == "central" }.compactMap(\.address)
            try #require(members.count == 3)
            async let written = Program.shell(Self.write(to: members, cluster), deadline: 120)
            let ran: Ran
            do {
                ran = try await Program.slipway(["upgrade", cluster.file, "--to", root], deadline: 150).expecting(0)
                try cluster.write("", to: "stop")
            } catch {
                try cluster.write("", to: "stop")
                print("writes: \(try await written)")
                throw error
            }
            let gap = try #require(Double(try await written.expecting(0).output.trimmingSuffix("\n")))
            print("upgrade of 3 + 1 took \(ran.took), the longest time without a write \(gap) s")
            #expect(gap < 4)
            for node in Self.nodes {
                #expect(try await cluster.output(node, Self.identity) == before[node])
                // The root's own programs are the new root's, whatever the node had put over them.
                let check = "test -e /usr/share/slipway-good && jq --version"
                #expect(try await cluster.output(node, check).hasPrefix("jq-1"))
            }
            let said = try await Program.slipway(["image", "list"]).expecting(0).output
            #expect(said.contains("4 of upgrade"))
            let removed = try await Program.slipway(["image", "rm", root]).expecting(1)
            #expect(removed.text.contains("is in use by upgrade.central-1"))
            let again = try await Program.slipway(["upgrade", cluster.file, "--to", root]).expecting(0)
            #expect(again.output.contains("Every node has the root and programs asked for."))
        }

        private func fails(
            _ cluster: TestCluster,
            to root: String,
            because reason: String,
            sourceLocation: SourceLocation = #_sourceLocation,
        ) async throws {
            let ran = try await Program.slipway(["upgrade", cluster.file, "--to", root], deadline: 150).expecting(1)
            #expect(
                ran.text.contains("worker-1 did not do well with its new image and is back with the old one"),
                sourceLocation: sourceLocation,
            )
            #expect(ran.text.contains(reason), "\(ran)", sourceLocation: sourceLocation)
            #expect(
                try await cluster.output("worker-1", "test -e /usr/share/slipway-good && echo good") == "good",
                sourceLocation: sourceLocation,
            )
        }

        /// Nodes are told of a root, and take it one after the other by themselves.
        private func stages(_ cluster: TestCluster, _ root: String) async throws {
            let words = ["upgrade", cluster.file, "--to", root, "--stage", "--within", "60s"]
            let ran = try await Program.slipway(words).expecting(0)
            #expect(ran.text.contains("worker-1 boots another image next"), "\(ran)")
            let check = "test -e /usr/share/slipway-good && systemctl is-active fleet"
            try await eventually(within: .seconds(60), "worker-1 has taken what was staged") {
                try await cluster.exec("worker-1", check).exitCode == 0
            }
            try await cluster.up()
            try await cluster.requireHealthy()
            // It keeps the root once it has been well for a while, which `up` does not wait for.
            try await eventually(within: .seconds(60), "worker-1 keeps what was staged") {
                try await !cluster.output("worker-1", "cat /boot/slipway/state").contains("tries=")
            }
            let state = try await cluster.output("worker-1", "cat /boot/slipway/state")
            #expect(!state.contains("left "), "\(state)")
            #expect(try await Program.slipway(words).expecting(0).output.contains("or knows of them"))
            let holders = try await cluster.output("worker-1", "locksmithctl status")
            #expect(holders.contains("Available: 1"), "\(holders)")
        }

        /// slipway is killed once a node tries a bad root: the node goes back by itself, and that is told.
        private func decides(_ cluster: TestCluster, to root: String, because reason: String) async throws {
            let boot = "\(Program.home)/clusters/\(cluster.name)/worker-1/boot"
            let words = "upgrade \(cluster.file) worker-1 --to \(root) --within 20s --again"
            let script = """
                cd \(cluster.directory)
                found() {
                    echo "$SECONDS s: $*"
                    tail -n +1 killed.log \(boot)/{state,trial,complaint} 2>&1
                    virsh -c lxc:///system list --all
                }
                trap 'found "not at its end"; exit 1' TERM
                \(Program.directory)/slipway \(words) >killed.log 2>&1 & pid=$!
                until [ -e \(boot)/trial ]; do
                    kill -0 $pid || { found ended; exit 1; }
                    sleep 0.05
                done
                kill -9 $pid
                found killed
                until grep -q ^left \(boot)/state && [ ! -e \(boot)/trial ]; do sleep 0.2; done
                """
            let ran = try await Program.shell(script, deadline: 120).expecting(0)
            print("killed on the way to \(root), and back by itself after \(ran.took)")
            // Nothing but to see it ready again is left.
            let up = try await Program.slipway(["up", cluster.file]).expecting(0)
            #expect(up.text.contains("worker-1 went back from root \(root) by itself"), "\(up)")
            #expect(
                try await cluster.output("worker-1", "test -e /usr/share/slipway-good && cat /etc/mark") == "worker-1"
            )
            let status = try await Program.slipway(["status", cluster.name]).expecting(0)
            #expect(status.output.contains("worker-1 went back from root"))
            #expect(status.output.contains(reason), "\(status)")
            let again = try await Program.slipway(["upgrade", cluster.file, "--to", root]).expecting(1)
            #expect(again.text.contains("'worker-1' went back from root \(root) by itself: "), "\(again)")
            try await cluster.requireHealthy()
        }

        private func back(_ cluster: TestCluster, from root: String) async throws {
            try await Program.slipway(["rollback", cluster.file, "--role", "worker"]).expecting(0)
            // What was put over the first root comes back with it.
            let check = "test ! -e /usr/share/slipway-good && cat /usr/bin/jq /etc/mark"
            #expect(try await cluster.output("worker-1", check) == "#!/bin/sh\nworker-1")
            #expect(try await cluster.output("central-1", "ls /usr/share/slipway-good") == "/usr/share/slipway-good")
        }

        /// Writes a key to one member after the other, until there is a file `stop`, and prints for how many seconds no
        /// write succeeded, at most.
        private static func write(to members: [String], _ cluster: TestCluster) -> String {
            """
            cd \(cluster.directory)
            last=$EPOCHREALTIME most=0
            while [ ! -e stop ]; do
                for member in \(members.joined(separator: " ")); do
                    curl -sf -o /dev/null --connect-timeout 0.3 -m 2 -d '{"key":"YQ==","value":"Yg=="}' \
                        http://$member:2379/v3/kv/put || continue
                    now=$EPOCHREALTIME
                    most=$(awk -v now=$now -v last=$last -v most=$most 'BEGIN { away = now - last; print (away > most ? away : most) }')
                    last=$now
                done
                sleep 0.02
            done
            echo $most
            """
        }
    }
}

/// Roots beside the host's own, which differ from it by a file. They are as old as can be, so that no other test takes
/// one for the newest.
private struct Roots {
    private struct Built: Decodable {
        var root: String
        var root_path: String
    }

    private let store: String
    private let original: String

    /// Gives `body` the roots; afterwards they are gone, however it ended.
    static func with(_ body: (Roots) async throws -> Void) async throws {
        let built = try await Program.slipway(["image", "build", "--json"]).expecting(0).json(Built.self)
        let store = URL(filePath: built.root_path).deletingLastPathComponent().path
        let roots = Roots(store: store, original: built.root_path)
        do {
            try await body(roots)
        } catch {
            try await roots.remove()
            throw error
        }
        try await roots.remove()
    }

    private static func digest(_ name: String) -> String {
        let seed = name.utf8.map { String($0, radix: 16) }.joined()
        return seed + String(repeating: "0", count: 64 - seed.count)
    }

    /// Makes a root, and returns its version.
    ///
    /// - Parameter change: of files in it, by a script; what it changes has to be replaced and not written to, since the
    ///   files are those of the original.
    func make(_ name: String, changing change: String) async throws -> String {
        let digest = Self.digest(name)
        let recipe = try await Program.shell("jq -r .recipe \(original).json").output.trimmingSuffix("\n")
        let record = """
            {"recipe": "\(recipe.isEmpty ? URL(filePath: original).lastPathComponent : recipe)",
             "made": 0, "packages": [], "knowsFixes": false}
            """
        let script = """
            set -e
            rm -rf \(store)/\(digest)* && cp -al \(original) \(store)/.\(digest) && cd \(store)/.\(digest)
            \(change)
            echo '\(record)' >\(store)/\(digest).json
            mv \(store)/.\(digest) \(store)/\(digest)
            """
        try await Program.shell(script).expecting(0)
        return "1970-01-01.\(digest.prefix(8))"
    }

    private func remove() async throws {
        let digests = ["good", "bad", "dead", "hung"].map(Self.digest).map { "\(store)/\($0)*" }.joined(separator: " ")
        try await Program.shell("rm -rf \(digests)").expecting(0)
    }
}
