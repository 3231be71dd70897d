import Foundation

/// An upgrade of all nodes of a cluster, seen by those who use it.
struct UpgradeFigures {
    let cluster: String
    let topology: String
    let scratch: Scratch

    /// Prints for how many seconds nothing was there that `look` finds, at most, until there is a file. `look` sets
    /// `found`.
    private static func watch(_ look: String) -> String {
        """
        eval "$1"
        last=$EPOCHREALTIME most=0
        while [ ! -e "$2" ]; do
            found=
            \(look)
            now=$EPOCHREALTIME
            if [ -n "$found" ]; then
                most=$(awk -v now=$now -v last=$last -v most=$most \
                    'BEGIN { away = now - last; print (away > most ? away : most) }')
                last=$now
            fi
            sleep 0.02
        done
        echo $most
        """
    }

    /// Writes a key to one member after the other, each of which counts.
    private static let write = """
        for member in ${ETCDCTL_ENDPOINTS//,/ }; do
            ! curl -sf -o /dev/null --connect-timeout 0.3 -m 2 --cacert "$ETCDCTL_CACERT" --cert "$ETCDCTL_CERT" \
                --key "$ETCDCTL_KEY" -d '{"key":"YQ==","value":"Yg=="}' $member/v3/kv/put || found=1
        done
        """

    /// Finds the shell in the container of busybox.service, on whichever worker it is.
    private static let container = """
        ! pgrep -fx '/bin/sh -c while true; do echo Hello World; sleep 1; done' >/dev/null || found=1
        """

    func measure(_ slipway: SlipwayProgram, to root: String, _ figures: Figures) async throws {
        let environment = try await slipway("env", cluster)
        let stop = "\(scratch.path)/stop-\(figures.sorted("upgrade").count)"
        async let writes = Host.shell(Self.watch(Self.write), environment, stop)
        async let unit = Host.shell(Self.watch(Self.container), environment, stop)
        let took: Duration
        do {
            took = try await Host.timed { try await slipway("upgrade", topology, "--to", root) }
        } catch {
            try Data().write(to: URL(filePath: stop))
            throw error
        }
        try Data().write(to: URL(filePath: stop))
        figures.add("upgrade", took)
        for (name, said) in [("upgrade_writes", try await writes), ("upgrade_unit", try await unit)] {
            guard let seconds = Double(said.trimmingCharacters(in: .whitespacesAndNewlines)) else {
                throw BenchError("no time: \(said)")
            }
            figures.add(name, seconds * 1000)
        }
    }
}

/// A copy of the host's own root, which costs no room. It is as old as can be, so that nobody takes it for the newest.
struct OtherRoot {
    private struct Built: Decodable {
        var root_path: String
    }

    /// Version, as `upgrade --to` takes it.
    let version: String
    private let path: String

    static func make(_ slipway: SlipwayProgram) async throws -> OtherRoot {
        let built = try JSONDecoder().decode(Built.self, from: Data(try await slipway("image", "build", "--json").utf8))
        let digest = String(repeating: "be7c", count: 16)
        let store = URL(filePath: built.root_path).deletingLastPathComponent().path
        let script = """
            set -e
            rm -rf "$2/$3"* && cp -al "$1" "$2/.$3"
            recipe=$(jq -r .recipe "$1.json" 2>/dev/null || basename "$1")
            echo "{\\"recipe\\": \\"$recipe\\", \\"made\\": 0, \\"packages\\": [], \\"knowsFixes\\": false}" >"$2/$3.json"
            mv "$2/.$3" "$2/$3"
            """
        _ = try await Host.shell(script, built.root_path, store, digest)
        return OtherRoot(version: "1970-01-01.\(digest.prefix(8))", path: "\(store)/\(digest)")
    }

    func remove() async throws { _ = try await Host.shell("rm -rf \"$1\"*", path) }
}
