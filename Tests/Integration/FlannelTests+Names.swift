import Foundation
import TestKit
import Testing

/// Names of nodes and units, on nodes and in containers.
extension RealNodes.FlannelTests {
    /// A unit without a container, which may run on either node.
    static let roamer = "[Unit]\nDescription=Goes where it may\n[Service]\nExecStart=/bin/sleep infinity\n"

    /// Begins a script: `address NAME`, and the end of one that has failed.
    private static func words(_ cluster: TestCluster) -> String {
        """
        address() { getent ahostsv4 "$1.\(cluster.name).slipway" | cut -d' ' -f1 | sort -u; }
        fail() {
            echo "$*"; cat /etc/resolv.conf /var/lib/fleet/names/hosts
            systemctl --no-pager status cluster-names; exit 1
        }
        """
    }

    /// Nodes, units and containers by name, from both nodes and a container of each; what is not there is not found.
    static func namesResolve(_ cluster: TestCluster) async throws {
        let report = try await cluster.status()
        for node in ["central-1", "worker-1"] {
            let others = report.nodes.map { other in
                "[ \"$(address \(other.name))\" = \(other.address ?? "") ] || fail \(other.name)\n"
            }
            let script = """
                \(words(cluster))
                \(others.joined())
                for number in 1 2; do
                    wanted=$(etcdctl get /pages/$number)
                    [ "$(address pages-$number)" = "$wanted" ] || fail "pages-$number leads not to $wanted"
                    docker exec box ping -c 1 -W 5 pages-$number.\(cluster.name).slipway || fail "no way to pages-$number"
                done
                [ "$(address pages | wc -l)" = 2 ] || fail "pages: $(address pages)"
                [ -z "$(address nobody)" ] || fail "nobody: $(address nobody)"
                """
            try await cluster.exec(node, script, deadline: 60).expecting(0)
        }
    }

    /// The node that a unit leaves finds it at its new place within a second of its start there, by the one clock that the
    /// containers of a host have; and so does a container.
    static func aMoveIsSeenSoon(_ cluster: TestCluster) async throws {
        let report = try await cluster.settle()
        let home = try #require(report.active("roamer.service").first)
        let other = try #require(report.nodes.first { $0.name != home })
        let machine = try #require(report.node(home)?.machine_id)
        // Those that cannot leave stay, and drain says so; what is waited for is the name.
        let seen = try await cluster.output(
            home,
            """
            \(words(cluster))
            [ "$(address roamer)" = \(report.node(home)?.address ?? "") ] || fail "it is not here"
            fleetctl drain --no-block \(machine) >/dev/null 2>&1
            for i in $(seq 1000); do [ "$(address roamer)" = \(other.address ?? "") ] && break; sleep 0.02; done
            now=$(date +%s%6N)
            [ "$(address roamer)" = \(other.address ?? "") ] || fail "it is not there: $(address roamer)"
            docker exec box ping -c 1 -W 5 roamer.\(cluster.name).slipway | grep -qF '(\(other.address ?? ""))' ||
                fail "containers are told something else"
            fleetctl undrain \(machine) >/dev/null
            echo $now
            """
        )
        let began = try await cluster.output(
            other.name,
            """
            date +%s%6N -d "$(systemctl show roamer.service --property=ActiveEnterTimestamp --value --timestamp=us+utc)"
            """
        )
        let microseconds = try #require(Int(seen)) - (try #require(Int(began)))
        print("the unit's name led to its new node \(microseconds / 1000) ms after its start")
        #expect(microseconds < 1_000_000)
    }

    /// What was known stays, for a name server that starts anew, too.
    static func namesStayWithoutEtcd(_ cluster: TestCluster) async throws {
        let script = """
            \(words(cluster))
            before=$(address roamer) && [ -n "$before" ] || fail "no name before"
            sudo systemctl stop etcd2
            sudo systemctl restart cluster-names
            grep -qxF "nameserver \(try await cluster.status().node("central-1")?.address ?? "")" /etc/resolv.conf ||
                fail "another server is asked"
            [ "$(address roamer)" = "$before" ] && [ -n "$(address worker-1)" ] || fail "$(address roamer) and not $before"
            sudo systemctl stop cluster-names
            grep -qxF "nameserver \(cluster.cidr.replacing("0/24", with: "1"))" /etc/resolv.conf ||
                fail "nobody is asked who is there"
            sudo systemctl start cluster-names etcd2
            """
        try await cluster.exec("central-1", script).expecting(0)
        try await cluster.settle()
    }
}
