import Foundation
import Testing

extension RealNodes {
    /// Reboots: asked for on the nodes, and by `slipway roll`.
    @Suite(.serialized)
    struct RollTests {
        private static let members = ["central-1", "central-2", "central-3"]
        /// When systemd started: every container has the host's boot ID.
        private static let birth = "systemctl show --value -p UserspaceTimestampMonotonic"

        @Test("members that all want to reboot do so one at a time, and windows are kept", .timeLimit(.minutes(6)))
        func roll() async throws {
            try await TestCluster.with("roll") { cluster in
                try cluster.write(Self.topology(cluster), to: "roll.yaml")
                try await cluster.up()
                try await allAtOnce(cluster)
                try await oneThatWaits(cluster)
                try await oneOutsideItsWindow(cluster)
                try await cluster.requireHealthy()
                // What the programs of others would read there.
                let read = "curl -sf http://127.0.0.1:2379/v2/keys/coreos.com/updateengine/rebootlock/semaphore"
                let free = #""value":"{\"semaphore\":1,\"max\":1,\"holders\":null}""#
                #expect(try await cluster.output("central-1", read).contains(free))
            }
        }

        private func allAtOnce(_ cluster: TestCluster) async throws {
            let nodes = try await cluster.status().nodes.filter { Self.members.contains($0.name) }
                .map { (name: $0.name, address: try #require($0.address)) }
            try #require(nodes.count == Self.members.count)
            let before = try await births(cluster)
            let ready = try await cluster.output("central-1", "systemctl is-active locksmithd; locksmithctl status")
            #expect(ready == "active\nAvailable: 1\nMax: 1")
            async let watched = Program.shell(Self.watch(nodes, cluster), deadline: 120)
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for member in Self.members {
                        group.addTask { try await cluster.exec(member, "sudo touch /run/reboot-required").expecting(0) }
                    }
                    try await group.waitForAll()
                }
                for member in Self.members { try await Self.untilReborn(member, of: cluster, since: before[member]) }
            } catch {
                try cluster.write("", to: "stop")
                let away = try await watched.output
                let journals = try await Self.journals(of: cluster)
                throw Unexpected("\(error)\nunanswered questions:\n\(away)\n\(journals)")
            }
            try await Self.untilFree(cluster)
            try cluster.write("", to: "stop")
            let seen = try await Absence.all(in: watched.expecting(0).output)
            print("members that all wanted to reboot: \(seen)")
            #expect(Set(seen.map(\.member)) == Set(Self.members), "somebody was never away")
            #expect(seen.count == Self.members.count, "somebody was away while another was")
        }

        /// A roll takes the same places as the nodes themselves.
        private func oneThatWaits(_ cluster: TestCluster) async throws {
            let before = try await cluster.output("central-3", Self.birth)
            try await cluster.exec("central-1", "locksmithctl lock somebody").expecting(0)
            let roll = """
                cd \(cluster.directory)
                \(Program.directory)/slipway roll \(cluster.file) central-3 --json > rolled & roll=$!
                waits() { grep -q 'waiting for its turn: somebody has the place' rolled; }
                for i in $(seq 600); do ! waits && kill -0 $roll || break; sleep 0.1; done
                cat rolled
                \(Program.directory)/slipway exec \(cluster.name) central-1 -- locksmithctl unlock somebody
                wait $roll
                """
            let ran = try await Program.shell(roll, deadline: 120).expecting(0)
            #expect(ran.output.contains("waiting for its turn: somebody has the place"), "\(ran)")
            #expect(try await cluster.output("central-3", Self.birth) != before)
            try await Self.untilFree(cluster)
        }

        private func oneOutsideItsWindow(_ cluster: TestCluster) async throws {
            let before = try await cluster.output("worker-1", Self.birth)
            let journal = """
                sudo touch /run/reboot-required
                for i in $(seq 100); do
                    ! sudo journalctl -q -u locksmithd | grep -o 'waiting for the reboot window' || break
                    sleep 0.2
                done
                """
            #expect(try await cluster.output("worker-1", journal) == "waiting for the reboot window")
            let refused = try await Program.slipway(["roll", cluster.file, "--role", "worker"]).expecting(1)
            #expect(refused.text.contains("'worker-1' may reboot only in its window"), "\(refused)")
            #expect(try await cluster.output("worker-1", Self.birth) == before)
            try await Program.slipway(["roll", cluster.file, "worker-1", "--ignore-window"], deadline: 60).expecting(0)
            #expect(try await cluster.output("worker-1", Self.birth) != before)
            try await cluster.exec("worker-1", "test ! -e /run/reboot-required").expecting(0)
        }

        // MARK: Looking

        private func births(_ cluster: TestCluster) async throws -> [String: String] {
            var births: [String: String] = [:]
            for member in Self.members { births[member] = try await cluster.output(member, Self.birth) }
            return births
        }

        /// Asks a node to reboot as a package does, and waits until it has, and until its place is free again.
        static func rebootOnRequest(_ node: String, of cluster: TestCluster) async throws {
            let before = try await cluster.output(node, birth)
            try await cluster.exec(node, "sudo touch /run/reboot-required").expecting(0)
            try await untilReborn(node, of: cluster, since: before)
            try await untilFree(cluster)
        }

        private static func untilReborn(_ node: String, of cluster: TestCluster, since before: String?) async throws {
            let deadline = ContinuousClock.now + .seconds(90)
            while true {
                let ran = try await cluster.exec(node, birth, deadline: 20)
                if ran.exitCode == 0, ran.output.trimmingSuffix("\n") != before { return }
                guard ContinuousClock.now < deadline else { throw Unexpected("\(node) has not rebooted: \(ran)") }
                try await Task.sleep(for: .milliseconds(200))
            }
        }

        /// What locksmithd, fleetd and systemd have written of reboots.
        private static func journals(of cluster: TestCluster) async throws -> String {
            let command = """
                sudo journalctl --no-pager -q -o short-precise -n 60 \
                    -u locksmithd -u fleet -u etcd2 -t systemd-shutdown -t systemd-logind --grep \
                    'locksmith|reboot|semaphore|healthy|regist|Stopp|Start|timed out|Killing|leader'
                """
            var texts: [String] = []
            for member in members {
                let ran = try await cluster.exec(member, command, deadline: 30)
                texts.append("\(member):\n\(ran.text)")
            }
            return texts.joined(separator: "\n")
        }

        private static func untilFree(_ cluster: TestCluster) async throws {
            let script = """
                for i in $(seq 150); do
                    [ "$(locksmithctl status)" = "$(printf 'Available: 1\\nMax: 1')" ] && exit
                    sleep 0.2
                done
                locksmithctl status; exit 1
                """
            try await cluster.exec("central-1", script).expecting(0)
        }

        /// Asks every member several times a second, each on its own, until there is a file `stop`. Prints when it was
        /// asked for each question that was not answered.
        private static func watch(_ nodes: [(name: String, address: String)], _ cluster: TestCluster) -> String {
            """
            cd \(cluster.directory)
            ask() {
                while [ ! -e stop ]; do
                    now=$EPOCHREALTIME
                    curl -s -o /dev/null --connect-timeout 0.3 -m 3 http://$2:2379/version || echo "$now $1"
                    sleep 0.05
                done
            }
            \(nodes.map { "ask \($0.name) \($0.address) &" }.joined(separator: "\n"))
            wait
            """
        }

        /// A time in which one member did not answer, and no other failed to.
        private struct Absence: CustomStringConvertible {
            let member: String
            let begin: Double
            var end: Double

            /// - Parameter output: of ``watch(_:_:)``.
            static func all(in output: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [Absence] {
                let unanswered = try output.split(separator: "\n").map { line in
                    let words = line.split(separator: " ")
                    try #require(words.count == 2, "\(line)", sourceLocation: sourceLocation)
                    return (
                        time: try #require(Double(words[0]), sourceLocation: sourceLocation), member: String(words[1])
                    )
                }
                return unanswered.sorted { $0.time < $1.time }.reduce(into: []) { absences, next in
                    if let last = absences.indices.last, absences[last].member == next.member {
                        absences[last].end = next.time
                    } else {
                        absences.append(Absence(member: next.member, begin: next.time, end: next.time))
                    }
                }
            }

            var description: String { "\(member) \(begin) + \(end - begin) s" }
        }

        private static func topology(_ cluster: TestCluster) -> String {
            // Half a day from now, whatever the time is.
            let hour = (Int(Date().timeIntervalSince1970) / 3600 + 12) % 24
            return """
                name: \(cluster.name)
                network:
                  cidr: \(cluster.cidr)
                roles:
                  central:
                    count: 3
                    etcd: member
                    cloud_config:
                      coreos:
                        update: {reboot_strategy: etcd-lock}
                  worker:
                    count: 1
                    etcd: proxy
                    cloud_config:
                      coreos:
                        update: {reboot_strategy: reboot}
                        locksmith: {window_start: "\(hour):00", window_length: 1h}

                """
        }
    }
}
