import Foundation
import TestKit
import Testing

extension RealNodes {
    /// How long after an event the dashboard's page shows it: by the clock of the browser, and by that of whoever made
    /// the event, which are one host's.
    @Suite(.serialized)
    struct SeenSoonTests {
        /// Seconds that an event has until a page shows it. What is wanted is 0.3; the processors of a test are shared with
        /// others, and one that would wait for a member that is dead takes twice as long.
        private static let limit = 2.5

        @Test("what happens to nodes, units, etcd and by commands is shown soon", .timeLimit(.minutes(5)))
        func shown() async throws {
            try await TestCluster.with("soon") { cluster in
                try cluster.writeTopology(
                    members: 3,
                    workers: 2,
                    units: [
                        "web.service":
                            "[Service]\nExecStart=/bin/sleep infinity\n[X-Fleet]\nMachineMetadata=role=worker\n"
                    ],
                )
                try await cluster.up()
                let dashboard = try GuardedProcess(
                    ["\(Program.directory)/slipway", "dashboard", cluster.file, "--listen", "127.0.0.1:0"],
                    log: "\(cluster.directory)/dashboard.log",
                )
                try await eventually("the dashboard listens") { dashboard.logTail().contains("Dashboard: http") }
                let word = try #require(dashboard.logTail().firstMatch(of: /http:\S+/))
                let url = String(word.output)
                let domains = try listener(["event", "--event", "lifecycle"], "domains", cluster)
                let networks = try listener(["net-event", "--event", "lifecycle"], "networks", cluster)
                let ready = "\(cluster.directory)/ready"
                let all = Self.sights.map { "seen.\($0.key)" }.sorted().joined(separator: " && ")
                async let browsed = Program.run(
                    [
                        "python3", "\(Program.checkout)/Scripts/lib/browser.py", "--open", url,
                        "--wait", "document.querySelectorAll('.node[data-tone=good]').length === 5",
                        "--wait", "\(Self.leader) && \(Self.place)", "--run", Self.recorder, "--touch", ready,
                        "--wait", all, "--run", "seen",
                    ],
                    deadline: 200,
                )
                try await eventually(within: .seconds(60), "the page shows the cluster") {
                    FileManager.default.fileExists(atPath: ready)
                }
                let home = try #require(try await cluster.status().active("web.service").first)
                try await cluster.cutPower(home)
                let other = home == "worker-1" ? "worker-2" : "worker-1"
                try await eventually(within: .seconds(60), "the unit has moved") {
                    try await cluster.status().active("web.service") == [other]
                }
                let moved = try await cluster.output(
                    other,
                    "systemctl show web.service --property=ActiveEnterTimestamp --value --timestamp=us+utc"
                )
                let leader = try await self.leader(of: cluster)
                // libvirt tells of its end only when all of its processes have ended.
                let cut = Date().timeIntervalSince1970
                try await cluster.cutPower(leader)
                let elected = try await self.election(in: cluster, without: leader)
                try await Program.slipway(["up", cluster.file, "--yes"]).expecting(0)
                let ran = try await browsed.expecting(0)
                let line = try #require(ran.output.split(separator: "\n").last, "\(ran)")
                let seen = try JSONDecoder().decode([String: Double].self, from: Data(line.utf8))
                let times = [
                    "off": try time(of: "\(cluster.name).\(home)", "Stopped", in: domains),
                    "moved": try Self.time(moved),
                    "silent": cut,
                    "leader": elected,
                    "run": try time(of: "slipway-lease.\(cluster.name)", "Defined", in: networks),
                ]
                for (name, time) in times.sorted(by: { $0.key < $1.key }) {
                    let shown = try #require(seen[name], "\(ran)") / 1000
                    print("shown after \(Int((shown - time) * 1000)) ms: \(name)")
                    #expect(shown - time < Self.limit, "\(name) happened at \(time) and was shown at \(shown)")
                }
                withExtendedLifetime(dashboard) {}
            }
        }

        /// Expressions for the names of the leader, and of the node in whose tile the unit is.
        private static let leader = "document.querySelector('.member[data-part=leader]')?.dataset.name"
        private static let place =
            "document.querySelector('.node .chip[data-unit=\"web.service\"][data-tone=good]')"
            + "?.closest('.node').querySelector('.open').dataset.name"

        /// What is to be seen, by a word for it.
        private static let sights = [
            "off": "document.querySelector('.node[data-state=off]')",
            "moved": "\(place) && \(place) !== before.place",
            "silent": "document.querySelector('.member[data-part=silent]')",
            "leader": "\(leader) && \(leader) !== before.leader",
            "run": "!document.querySelector('#work').hidden",
        ]

        private static let notes = sights.sorted { $0.key < $1.key }
            .map { "if (!seen.\($0.key) && (\($0.value))) seen.\($0.key) = Date.now();" }.joined(separator: "\n")

        /// Script that notes when each of them is seen first.
        private static let recorder = """
            window.before = { place: \(place), leader: \(leader) };
            window.seen = {};
            const look = () => {
              \(notes)
            };
            new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
            look();
            Object.keys(seen)
            """

        /// `virsh` as it prints events with their times; it has begun to listen when this returns.
        private func listener(_ words: [String], _ name: String, _ cluster: TestCluster) throws -> GuardedProcess {
            try GuardedProcess(
                ["stdbuf", "-oL", "virsh", "-q", "-c", "lxc:///system"] + words + ["--loop", "--timestamp"],
                log: "\(cluster.directory)/\(name).log",
            )
        }

        /// Time of the first event of a kind, in seconds since 1970.
        private func time(
            of name: String,
            _ kind: String,
            in log: GuardedProcess,
            sourceLocation: SourceLocation = #_sourceLocation,
        ) throws -> Double {
            let text = try String(contentsOfFile: log.log, encoding: .utf8)
            // `2026-11-30 21:00:00.250+0000: event 'lifecycle' for domain 'soon.worker-1': Stopped Destroyed`; a network's
            // name has no quotes.
            let line = text.replacing("'", with: "").split(separator: "\n").first { $0.contains(" \(name): \(kind)") }
            let found = try #require(line, "\(name) \(kind): \(text)", sourceLocation: sourceLocation)
            return try Self.time(String(found))
        }

        /// Seconds since 1970 of a time as systemd and virsh print it, in UTC.
        private static func time(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Double {
            let found = try #require(
                text.firstMatch(of: /(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)\.(\d+)/),
                "\(text)",
                sourceLocation: sourceLocation,
            )
            let whole = try Date("\(found.1)T\(found.2)Z", strategy: .iso8601)
            return whole.timeIntervalSince1970 + (Double("0.\(found.3)") ?? 0)
        }

        private func leader(of cluster: TestCluster, sourceLocation: SourceLocation = #_sourceLocation) async throws
            -> String
        {
            let figures = try await Program.slipway(["metrics", cluster.name]).expecting(0).output
            let line = try #require(
                figures.firstMatch(of: /slipway_etcd_member_leader\{.*member="(.+)"\} 1\n/),
                "\(figures)",
                sourceLocation: sourceLocation,
            )
            return String(line.1)
        }

        /// Waits until the members that are left have a leader.
        ///
        /// - Returns: when the new one had its votes, by its own journal, in seconds since 1970.
        private func election(in cluster: TestCluster, without old: String) async throws -> Double {
            var found = old
            try await eventually(within: .seconds(60), "another member leads") {
                found = (try? await self.leader(of: cluster)) ?? old
                return found != old
            }
            let script = "sudo journalctl --no-pager -q -u etcd2 -o short-unix -g 'became leader at term' | tail -n 1"
            let line = try await cluster.output(found, script)
            return try #require(line.split(separator: " ").first.flatMap { Double($0) }, "\(line)")
        }
    }
}
