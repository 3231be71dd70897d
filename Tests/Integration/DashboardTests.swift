import Foundation
import TestKit
import Testing

extension RealNodes {
    /// The dashboard in Debian's Chromium, beside a cluster that lives.
    @Suite(.serialized)
    struct DashboardTests {
        @Test("a cluster comes up, a worker dies, the page shows it and starts it again", .timeLimit(.minutes(4)))
        func alive() async throws {
            try await TestCluster.with("seen") { cluster in
                try cluster.writeTopology(
                    members: 1,
                    workers: 2,
                    units: [
                        "web.service":
                            "[Service]\nExecStart=/bin/sleep infinity\n[X-Fleet]\nMachineMetadata=role=worker\n"
                    ],
                )
                // Prometheus reads fleetd's figures there.
                try cluster.edit { $0.replace("fleet:\n", with: "fleet:\n  tcp: true\n  insecure: true\n") }
                let token = String(repeating: "5e", count: 32)
                try cluster.write(token, to: "token")
                let port = try Loopback.freePorts(1)[0]
                let dashboard = try GuardedProcess(
                    [
                        "\(Program.directory)/slipway", "dashboard", cluster.file, "--listen", "127.0.0.1:\(port)",
                        "--token-file", "\(cluster.directory)/token", "--write",
                    ],
                    log: "\(cluster.directory)/dashboard.log",
                )
                try await eventually("the dashboard listens") { dashboard.logTail().contains("Dashboard: http") }
                let sign = "\(cluster.directory)/is-up"
                // The page is there before the cluster is.
                async let seen = browse(
                    [
                        "--open", "http://127.0.0.1:\(port)/?token=\(token)",
                        "--wait", "document.querySelector('#link').dataset.state === 'good'",
                        "--wait", "document.querySelectorAll('.node[data-tone=good]').length === 3",
                        "--wait", "document.querySelector('.member[data-part=leader]')",
                        // Proxies name the member that they use.
                        "--wait",
                        "[...document.querySelectorAll('.part')].filter((one) => one.textContent === 'via central-1').length === 2",
                        // What it shows of a run stays in the page, hidden.
                        "--wait", "document.querySelector('#work progress')?.value > 0",
                        "--wait", Self.place, "--run", Self.place, "--touch", sign,
                        "--wait", Self.dead, "--run", Self.dead,
                        "--wait", "\(Self.place) && \(Self.place) !== \(Self.dead)", "--run", Self.place,
                        "--wait", "document.querySelector('#timeline li[data-trouble]')",
                        "--run", "performance.getEntriesByType('resource').every((one) => one.name.startsWith(origin))",
                    ]
                )
                try await cluster.up()
                try await eventually(within: .seconds(60), "the page shows the cluster") {
                    FileManager.default.fileExists(atPath: sign)
                }
                let prometheus = try await Prometheus(cluster, dashboard: (port, "\(cluster.directory)/token"))
                try await prometheus.finds(1, of: "up{job=\"seen-etcd\"} == 1")
                try await prometheus.finds(3, of: "up{job=\"seen-fleet\"} == 1")
                try await prometheus.finds(1, of: "fleet_engine_leader == 1")
                try await prometheus.finds(3, of: "slipway_node_well == 1")
                // What etcd says of backups and reboots is there, too: an alert tells of a cluster without backups.
                try await prometheus.finds(1, of: "slipway_reboot_lock_max == 1")
                try await prometheus.finds(1, of: "slipway_last_command_timestamp_seconds{command=\"up\"}")
                try await prometheus.finds(0, of: "ALERTS{alertname=\"SlipwayNodeUnwell\"}")
                let home = try #require(try await cluster.status().active("web.service").first)
                try await cluster.cutPower(home)
                let ran = try await seen.expecting(0)
                let other = home == "worker-1" ? "worker-2" : "worker-1"
                #expect(ran.output == "\"\(home)\"\n\"\(home)\"\n\"\(other)\"\ntrue\n", "\(ran)")
                // Errors of its script.
                #expect(ran.error == "", "\(ran)")
                try await prometheus.finds(1, of: "ALERTS{alertname=\"SlipwayNodeUnwell\",node=\"\(home)\"}")
                try await startAgain(home, page: "http://127.0.0.1:\(port)/?token=\(token)")
                withExtendedLifetime(dashboard) {}
            }
        }

        /// Has the page start a node that is off.
        private func startAgain(_ node: String, page: String) async throws {
            let ran = try await browse(
                [
                    "--open", page, "--wait", Self.dead,
                    "--run", "location.hash = `#seen/map/node/${\(Self.dead)}`, 'opened'",
                    "--wait", "document.querySelector('.panel .acts')",
                    "--run", Self.click("Start"), "--wait", Self.button("Run"),
                    "--run", "document.querySelector('dialog code').textContent",
                    "--run", Self.click("Run"),
                    "--wait", "document.querySelector('dialog h2').textContent === 'Done'",
                    "--run", "document.querySelector('dialog pre').textContent", "--wait", "!(\(Self.dead))",
                ]
            ).expecting(0)
            let said = ["opened", "clicked", "slipway start seen \(node)", "clicked", "Started \(node).\\n"]
            #expect(ran.output == said.map { "\"\($0)\"\n" }.joined(), "\(ran)")
            #expect(ran.error == "", "\(ran)")
        }

        /// Expression for the name of the node in whose tile the unit is.
        private static let place =
            "document.querySelector('.node .chip[data-unit=\"web.service\"][data-tone=good]')"
            + "?.closest('.node').querySelector('.open').textContent"
        /// Expression for the name of the node that is off.
        private static let dead = "document.querySelector('.node[data-state=off] .open')?.textContent"

        /// Expression for a button that can be pressed.
        private static func button(_ text: String) -> String {
            "[...document.querySelectorAll('button')].find((one) => one.textContent === '\(text)' && !one.disabled)"
        }

        private static func click(_ text: String) -> String { "\(button(text)).click(), 'clicked'" }

        private func browse(_ steps: [String]) async throws -> Ran {
            try await Program.run(["python3", "\(Program.checkout)/Scripts/lib/browser.py"] + steps, deadline: 200)
        }
    }
}
