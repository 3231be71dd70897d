import Basics
import Etcd
import Planning
import Provisioning
import TopologyModel

extension SmokeTest {
    func checkMembers() async throws {
        let etcd = executor.clusters.etcd(endpoints)
        var leaders: [String: String] = [:]
        var clusters: [String: String] = [:]
        for member in members {
            guard let url = member.clientURL else { throw SmokeFailure(message: "\(member.name) has no address") }
            guard try await etcd.health(of: url) else {
                throw SmokeFailure(message: "etcd on \(member.name) says that it is not healthy")
            }
            let status = try await etcd.status(of: url)
            clusters[member.name] = status.cluster
            leaders[member.name] = status.leader.map { "\($0)" } ?? "none"
        }
        guard Set(clusters.values).count <= 1 else {
            let seen = clusters.sorted { $0.key < $1.key }.map { "\($0.key) is of cluster \($0.value)" }
            throw SmokeFailure(message: "the members belong to more than one etcd cluster", evidence: seen)
        }
        guard Set(leaders.values).count == 1, leaders.values.first != "none" else {
            let seen = leaders.sorted { $0.key < $1.key }.map { "\($0.key) follows \($0.value)" }
            throw SmokeFailure(message: "the members do not agree on a leader", evidence: seen)
        }
        let listed = try await etcd.members()
        guard listed.count == members.count else {
            let names = listed.map(\.name).joined(separator: ", ")
            throw SmokeFailure(message: "etcd lists \(listed.count) members, and \(members.count) nodes are: \(names)")
        }
    }

    func checkReplication() async throws {
        guard let writer = members.first else { throw SmokeInapplicable(reason: "there is no member") }
        let key = "/slipway/smoke/\(id)"
        let put = "\(Self.etcdctl(on: writer)) put \(key) \(id)"
        _ = try await run(put, on: writer, limit: .seconds(15), failure: "writing to its etcd failed")
        var failures: [String] = []
        for member in members {
            let get = "\(Self.etcdctl(on: member)) get --print-value-only \(key)"
            let value = try await run(get, on: member, limit: .seconds(15), failure: "reading from its etcd failed")
            if value.split(whereSeparator: \.isNewline).first.map(String.init) != id {
                failures.append("\(member.name) says '\(value)'")
            }
        }
        let delete = "\(Self.etcdctl(on: writer)) del \(key)"
        _ = try await run(delete, on: writer, limit: .seconds(15), failure: "deleting from its etcd failed")
        guard failures.isEmpty else {
            throw SmokeFailure(message: "a key written on \(writer.name) is not read everywhere", evidence: failures)
        }
    }

    private static func etcdctl(on node: ObservedNode) -> String {
        "etcdctl --endpoints=\(node.etcdTLS ? "https" : "http")://127.0.0.1:2379"
    }

    func checkProxies() async throws {
        guard !proxies.isEmpty else { throw SmokeInapplicable(reason: "no node is a proxy") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in proxies {
                group.addTask {
                    let place = try await asking(node)
                    let scripts = [2379, 4001].map { "(\n\(proxyScript(node, $0, from: place))\n)\n" }
                    let failure = "the proxy of \(node.name) does not serve all"
                    _ = try await run("set -e\n" + scripts.joined(), on: place, limit: .seconds(60), failure: failure)
                }
            }
            try await group.waitForAll()
        }
    }

    /// Returns the node on which etcdctl asks a node's proxy: the node itself, or a member when the node's foreign
    /// image has no etcdctl.
    private func asking(_ node: ObservedNode) async throws -> ObservedNode {
        let look = "if \(Self.imageLacks("etcdctl")); then echo lacks; fi"
        let found = try await run(look, on: node, limit: .seconds(15), failure: "looking for etcdctl failed")
        return found.contains("lacks") ? members.first ?? node : node
    }

    /// Writes and reads by v2 and v3, and sees a change by a v3 watch, all through one port of the node's own proxy.
    ///
    /// The v2 read asks for a quorum: without it a member answers from its own store, which may lag behind a write that
    /// the proxy handed to another member. Without `--no-sync` etcdctl would ask the proxy only where the members are.
    ///
    /// etcdctl takes its certificates from the environment, and the one for v2 has other names for them.
    private func proxyScript(_ node: ObservedNode, _ port: Int, from place: ObservedNode) -> String {
        """
        p=\(port); q=$p; k=/slipway-smoke-\(id)-\(node.name)-$p
        \(place.name == node.name ? "" : relay(to: node))
        url=\(node.etcdTLS ? "https" : "http")://localhost:$q
        v2() {
            ETCDCTL_CA_FILE=${ETCDCTL_CACERT:-} ETCDCTL_CERT_FILE=${ETCDCTL_CERT:-} ETCDCTL_KEY_FILE=${ETCDCTL_KEY:-} \\
                ETCDCTL_API=2 etcdctl --no-sync --endpoints=$url "$@"
        }
        v3() { ETCDCTL_API=3 etcdctl --endpoints=$url "$@"; }
        v2 set $k two >/dev/null || { echo "v2 write on port $p failed"; exit 1; }
        [ "$(v2 get --quorum $k)" = two ] || { echo "v2 read on port $p failed"; exit 1; }
        v2 rm $k >/dev/null
        w=$(mktemp); ETCDCTL_API=3 timeout \(20 * patience) etcdctl --endpoints=$url watch $k >$w & t=$!
        for i in $(seq 100); do
            v3 put $k three$i >/dev/null || { echo "v3 write on port $p failed"; exit 1; }
            grep -q three $w && break; sleep 0.1
        done
        grep -q three $w || { echo "no v3 watch event on port $p"; exit 1; }
        kill $t 2>/dev/null || true; wait $t 2>/dev/null || true; rm -f $w
        case "$(v3 get --print-value-only $k)" in three*) ;; *) echo "v3 read on port $p failed"; exit 1;; esac
        v3 del $k >/dev/null
        """
    }

    /// Makes the node's port `$p` one of this host, `$q`: a proxy hands on what the members say, whose certificates are
    /// for their own addresses and localhost.
    private func relay(to node: ObservedNode) -> String {
        """
        q=$(shuf -n 1 -i 20000-30000)
        systemd-socket-activate -l 127.0.0.1:$q /lib/systemd/systemd-socket-proxyd \(node.address.map { "\($0)" } ?? ""):$p &
        relay=$!; trap 'kill $relay 2>/dev/null' EXIT
        until (: </dev/tcp/127.0.0.1/$q) 2>/dev/null; do
            kill -0 $relay 2>/dev/null || { echo "no relay to \(node.name):$p"; exit 1; }
            sleep 0.1
        done
        """
    }
}
