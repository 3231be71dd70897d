import Basics
import Planning
import Provisioning

extension SmokeTest {
    /// A container on every node that has a subnet of flannel's asks the one on the next node, round to the first.
    ///
    /// - Returns: which nodes are left out, if any.
    func checkContainers(say: @escaping @Sendable (String) -> Void) async throws -> String? {
        let places = try await eachNode { node in
            let look = "[ -s /run/flannel/subnet.env ] && command -v docker >/dev/null && echo shares || true"
            return try await run(look, on: node, limit: .seconds(15), failure: "looking for flannel failed")
        }
        let sharing = places.filter { $0.said.contains("shares") }.map(\.node)
        guard !sharing.isEmpty else { throw SmokeInapplicable(reason: "no node has a subnet of flannel's") }
        guard sharing.count > 1 else { throw SmokeInapplicable(reason: "one node has a subnet of flannel's") }
        do {
            try await askAround(sharing, say: say)
        } catch {
            // Not cancelled with the run: what was made goes away even after Ctrl-C.
            let removal = Task { await removeContainers(sharing) }
            await removal.value
            throw error
        }
        await removeContainers(sharing)
        let others = nodes.filter { node in !sharing.contains { $0.name == node.name } }.map(\.name)
        return others.isEmpty ? nil : "without a part in it: \(others.naturallySorted().joined(separator: ", "))"
    }

    private var container: String { "slipway-smoke-\(id)-net" }

    private func askAround(_ sharing: [ObservedNode], say: @escaping @Sendable (String) -> Void) async throws {
        say("starting a container on \(sharing.count) nodes")
        let start = """
            docker run --detach --rm --name \(container) busybox sleep 600 >/dev/null &&
                docker inspect --format '{{.NetworkSettings.IPAddress}}' \(container)
            """
        let started = try await eachNode(sharing) { node in
            try await run(start, on: node, limit: .seconds(120), failure: "no container was started")
        }
        say("each asks the next")
        let addresses = started.map { $0.said.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "" }
        let targets = Dictionary(
            uniqueKeysWithValues: sharing.indices.map { index in
                (sharing[index].name, (index + 1) % sharing.count)
            }
        )
        _ = try await eachNode(sharing) { node in
            let next = targets[node.name] ?? 0
            // A route may come a moment after the subnet.
            let ask = """
                for i in $(seq 20); do
                    docker exec \(container) ping -c 1 -W 1 \(addresses[next]) && exit 0
                    sleep 0.5
                done; ip route; exit 1
                """
            let failure = "its container does not reach \(addresses[next]) on \(sharing[next].name)"
            return try await run(ask, on: node, limit: .seconds(60), failure: failure)
        }
    }

    private func removeContainers(_ sharing: [ObservedNode]) async {
        // One that was not started cannot be removed; --rm sees to one that is left.
        _ = try? await eachNode(sharing) { node in
            let remove = "docker rm --force \(container) >/dev/null 2>&1 || true"
            return try await run(remove, on: node, limit: .seconds(30), failure: "its container is not removed")
        }
    }
}
