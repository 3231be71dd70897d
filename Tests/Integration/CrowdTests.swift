import Foundation
import TestKit
import Testing

extension RealNodes {
    /// Connections by the thousand that ask for nothing, at a worker's fleetd and at its etcd proxy.
    @Suite(.serialized)
    struct CrowdTests {
        /// How many; twenty thousand take a few minutes of programs that are not optimised.
        private static let size =
            ProcessInfo.processInfo.environment["SLIPWAY_CONNECTIONS"].flatMap(Int.init) ?? 2000

        /// Connects as often as is asked, saying nothing, ten bytes or half a handshake, then runs a command and holds
        /// all of them meanwhile.
        ///
        /// One shell holds no more than the descriptors that a process may have.
        private static let crowd = #"""
            trap '' PIPE
            host=$1 port=$2 count=$3 words=('' 'GET /fleet' '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
            shift 3
            ulimit -n "$(ulimit -Hn)"
            exec {ready}< <(
                trap 'kill $(jobs -p)' TERM
                for ((shell = 0; shell < count; shell += 1000)); do
                    (for ((i = 0; i < 1000; i++)); do
                        exec {socket}<>"/dev/tcp/$host/$port" && printf "${words[i % 3]}" >&"$socket"
                    done; echo; exec sleep 600) 2>/dev/null &
                done; wait)
            crowd=$!
            for ((shell = 0; shell < count; shell += 1000)); do read -r -u "$ready"; done
            "$@"
            code=$?
            kill "$crowd"
            exit $code
            """#

        /// A fleetd that is asked to leave stays away until it is asked to start.
        private func leave(_ cluster: TestCluster) async throws {
            try await cluster.exec("worker-1", "sudo systemctl kill --kill-who=main -s USR2 fleet").expecting(0)
            try await eventually("fleet lists one machine, and its fleetd has ended for good") {
                let count = try await cluster.output("central-1", "fleetctl list-machines --no-legend | wc -l")
                let state = try await cluster.output("worker-1", "systemctl show -P SubState fleet")
                return count == "1" && state == "dead"
            }
            #expect(try await cluster.output("worker-1", "systemctl show -P NRestarts fleet") == "0")
            try await cluster.exec("worker-1", "sudo systemctl start fleet").expecting(0)
            try await cluster.settle()
        }

        /// Which processes run, which machines fleet has, and since which revision: a lease that was lost would be
        /// another one.
        private static let facts = """
            systemctl show -p NRestarts -p MainPID fleet etcd2
            fleetctl list-machines --full --no-legend | sort
            etcdctl get --prefix --write-out=fields /_coreos.com/fleet/machine | grep -E '"(Key|CreateRevision|Lease)"'
            """

        @Test("thousands of idle connections cost a node neither its lease nor an answer", .timeLimit(.minutes(20)))
        func nothingIsLost() async throws {
            try await TestCluster.with("crowd") { cluster in
                try cluster.writeTopology(members: 1, workers: 1, extra: "etcd: {tls: true}\n")
                try cluster.edit { $0 = $0.replacing("fleet:\n", with: "fleet:\n  tcp: true\n") }
                try await cluster.up()
                let address = try #require(try await cluster.status().node("worker-1")?.address)
                let before = try await cluster.output("worker-1", Self.facts)
                #expect(before.contains("CreateRevision"))
                try await cluster.put(Self.crowd, "/tmp/crowd", on: "worker-1")
                try await cluster.put(Self.facts, "/tmp/facts", on: "worker-1")
                try cluster.write(Self.crowd, to: "crowd")
                let patience = 60 + Self.size / 40
                let exec = ["\(Program.directory)/slipway", "exec", cluster.name, "worker-1", "--", "bash /tmp/facts"]
                let fleet = ["bash", "\(cluster.directory)/crowd", address, "49153", "\(Self.size)"] + exec
                let during = try await Program.run(fleet, deadline: patience).expecting(0)
                #expect(during.output.trimmingSuffix("\n") == before)
                let proxy = "bash /tmp/crowd 127.0.0.1 2379 \(Self.size) bash /tmp/facts"
                #expect(try await cluster.output("worker-1", proxy, deadline: patience) == before)
                #expect(try await cluster.output("worker-1", Self.facts) == before)
                try await cluster.requireHealthy()
                try await leave(cluster)
            }
        }
    }
}
