import Foundation
import TestKit
import Testing

extension RealNodes {
    /// One network for the containers of all nodes.
    @Suite(.serialized)
    struct FlannelTests {
        @Test("containers on two nodes reach each other, by vxlan, by host-gw and by name", .timeLimit(.minutes(10)))
        func containers() async throws {
            try await TestCluster.with("network") { cluster in
                try cluster.writeTopology(members: 1, workers: 1, extra: "etcd: {tls: true}\n" + Self.asOnCoreOS)
                try await cluster.up()
                let subnets = try await Self.subnets(cluster)
                #expect(Set(subnets).count == 2)
                try await Self.reachEachOther(cluster)
                try await Self.addressesAreSeen(cluster)
                try await Self.restartLosesNothing(cluster)
                try await Self.leaseComesBack(cluster)

                // Nothing is left in the node of what it knew; others need not learn anything new.
                let others = try await Self.tunnelAddress(cluster, "worker-1")
                try await cluster.cutPower("worker-1")
                try await cluster.up()
                #expect(try await Self.subnets(cluster) == subnets)
                #expect(try await Self.tunnelAddress(cluster, "worker-1") == others)
                try await Self.reachEachOther(cluster)

                try FileManager.default.copyItem(
                    atPath: "\(Program.checkout)/Topologies/units",
                    toPath: "\(cluster.directory)/units"
                )
                try cluster.write(Self.roamer, to: "roamer.service")
                try cluster.edit {
                    $0 = $0.replacing(Self.asOnCoreOS, with: Self.withUnits).replacing(
                        "# its own",
                        with: "\n  names: true"
                    )
                }
                try await cluster.up()
                try await Self.announcedAddressesAreReached(cluster)
                #expect(try await Self.subnets(cluster) == subnets)
                try await Self.reachEachOther(cluster)
                try await Self.namesResolve(cluster)
                try await Self.aMoveIsSeenSoon(cluster)
                try await Self.namesStayWithoutEtcd(cluster)
                let routes = try await cluster.output("worker-1", "ip route show root 10.1.0.0/16")
                #expect(routes.contains("via 10.73.") && routes.contains("dev eth0"), "\(routes)")
                // networkd removes routes that it does not know.
                try await cluster.exec("worker-1", "sudo systemctl restart systemd-networkd").expecting(0)
                try await Self.reachEachOther(cluster)
                let report = try await cluster.smoke()
                for name in [
                    "containers on different nodes reach each other", "names of nodes and units resolve on every node",
                ] {
                    #expect(report.checks.first { $0.name == name }?.outcome == "passed", "\(report)")
                }
                try await cluster.requirePlainJournals()
            }
        }

        /// As CoreOS's documents show it; etcd's certificates come by themselves.
        private static let asOnCoreOS = """
            cloud_config:
              coreos:
                units:
                  - name: flanneld.service
                    command: start
                    drop-ins:
                      - name: 50-network-config.conf
                        content: |
                          [Service]
                          ExecStartPre=/usr/bin/etcdctl set /coreos.com/network/config '{ "Network": "10.1.0.0/16" }'

            """

        /// The section, and the units of `containers.yaml`.
        private static let withUnits = """
            flannel: {backend: host-gw}
            units:
              - file: units/pages@.service
                instances: 2
              - file: units/pages-announce@.service
                instances: 2
              - file: roamer.service

            """

        /// Both containers are asked from a container on one node, by the addresses that etcd has.
        private static func announcedAddressesAreReached(_ cluster: TestCluster) async throws {
            let request = #"printf "GET /hostname HTTP/1.0\r\n\r\n""#
            let ask = """
                for number in 1 2; do
                    for i in $(seq 300); do address=$(etcdctl get /pages/$number 2>/dev/null) && break; sleep 0.1; done
                    for i in $(seq 30); do
                        said=$(docker run --rm busybox sh -c '\(request) | nc -w 2 '$address' 80')
                        case $said in *' 200 OK'*) break ;; esac
                        sleep 0.2
                    done
                    case $said in *' 200 OK'*) ;; *) echo "$number: $address says '$said'"; exit 1 ;; esac
                done
                """
            try await cluster.exec("central-1", ask, deadline: 120).expecting(0)
        }

        private static let nodes = ["central-1", "worker-1"]

        /// Subnets of the nodes, once they have some.
        private static func subnets(_ cluster: TestCluster) async throws -> [String] {
            var subnets: [String] = []
            for node in nodes {
                let script = """
                    for i in $(seq 300); do
                        systemctl --quiet is-active flanneld && break; sleep 0.1
                    done
                    . /run/flannel/subnet.env && echo $FLANNEL_NETWORK $FLANNEL_SUBNET $FLANNEL_IPMASQ
                    """
                subnets.append(try await cluster.output(node, script))
            }
            return subnets
        }

        private static func tunnelAddress(_ cluster: TestCluster, _ node: String) async throws -> String {
            try await cluster.output(node, "cat /sys/class/net/flannel.1/address")
        }

        /// A container on each node, with the bridge that flannel says, asks the other.
        private static func reachEachOther(_ cluster: TestCluster) async throws {
            var addresses: [String] = []
            for node in nodes {
                let script = """
                    docker rm --force box >/dev/null 2>&1
                    docker run --detach --name box busybox sleep 3600 >/dev/null
                    . /run/flannel/subnet.env
                    ip -4 -o addr show docker0 | grep -qF " $FLANNEL_SUBNET " || { ip addr show docker0; exit 1; }
                    [ "$(docker exec box cat /sys/class/net/eth0/mtu)" = $FLANNEL_MTU ] || exit 1
                    docker inspect --format '{{.NetworkSettings.IPAddress}}' box
                    """
                addresses.append(try await cluster.output(node, script, deadline: 120))
            }
            for (node, other) in zip(nodes, addresses.reversed()) {
                let ping = """
                    for i in $(seq 30); do docker exec box ping -c 1 -W 1 \(other) && exit; sleep 0.2; done
                    ip route; ip neigh; bridge fdb; sudo iptables -S; exit 1
                    """
                try await cluster.exec(node, ping, deadline: 60).expecting(0)
            }
        }

        /// Between nodes containers have their own addresses, and the world outside sees the node's.
        private static func addressesAreSeen(_ cluster: TestCluster) async throws {
            let listen = """
                sudo systemd-run --quiet --unit=seen ncat -lk 7777 --sh-exec 'echo $NCAT_REMOTE_ADDR'
                ip -4 -o addr show docker0 | grep -o 'inet [0-9.]*' | cut -d' ' -f2
                """
            let bridge = try await cluster.output("worker-1", listen)
            // ncat drops the answer of its program where its client has nothing more to say before that.
            let ask = """
                own=$(docker inspect --format '{{.NetworkSettings.IPAddress}}' box)
                for i in $(seq 50); do
                    seen=$(docker exec -i box nc -w 5 \(bridge) 7777 < <(sleep 5)) && [ -n "$seen" ] && break; sleep 0.1
                done
                [ "$seen" = "$own" ] || { echo "$seen and not $own"; exit 1; }
                """
            try await cluster.exec("central-1", ask).expecting(0)
        }

        /// While flanneld is restarted, and while it is away.
        private static func restartLosesNothing(_ cluster: TestCluster) async throws {
            let other = try await cluster.output(
                "worker-1",
                "docker inspect --format '{{.NetworkSettings.IPAddress}}' box"
            )
            let script = """
                docker exec box ping -c 30 -i 0.1 \(other) >/tmp/pings & pings=$!
                sudo systemctl restart flanneld
                sudo systemctl stop flanneld
                wait $pings; cat /tmp/pings
                sudo systemctl start flanneld
                grep ' 0% packet loss' /tmp/pings
                """
            try await cluster.exec("central-1", script).expecting(0)
        }

        /// A lease that has ended is taken again, of the same subnet.
        private static func leaseComesBack(_ cluster: TestCluster) async throws {
            let script = """
                . /run/flannel/subnet.env
                key=/coreos.com/network/subnets/$(echo $FLANNEL_SUBNET | sed 's,\\.1/,.0-,')
                sudo etcdctl rm $key >/dev/null || exit 1
                for i in $(seq 100); do
                    found=$(sudo etcdctl get $key 2>/dev/null) && break; sleep 0.1
                done
                echo "$found"
                """
            let lease = try await cluster.output("worker-1", script)
            let form =
                #"\{"PublicIP":"10\.73\.[0-9.]+","BackendType":"vxlan","BackendData":\{"VtepMAC":"[0-9a-f:]{17}"\}\}"#
            #expect(try lease.wholeMatch(of: Regex(form)) != nil, "\(lease)")
            try await reachEachOther(cluster)
        }
    }
}
