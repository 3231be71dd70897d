import Basics
import NodeBoot
import Planning
import Provisioning
import TopologyModel

extension FakeProvider {
    package func observe() async throws -> ProviderObservation {
        try checkAlive()
        let ours = networks.values.map { network in
            ObservedNetwork(
                name: network.plan.name,
                cluster: network.plan.cluster,
                cidr: network.plan.cidr,
                mode: network.plan.mode,
                bridge: network.plan.bridge,
                active: network.active,
            )
        }
        let inhabited = Set(nodes.values.map(\.cluster))
        var seen = ProviderObservation(
            nodes: nodes.values.map(observed).naturallySorted { "\($0.cluster)\0\($0.name)" },
            networks: (ours + foreignNetworks).sorted { $0.name < $1.name },
            foreignDomains: foreignDomains.sorted(),
            hostRoutes: hostRoutes,
            emptyClusterDirectories: clusterDirectories.subtracting(inhabited).sorted(),
        )
        if !kept.isEmpty { seen.snapshots = kept.map(\.reference) }
        if !restoring.isEmpty { seen.cutRestores = restoring.sorted { $0.cluster < $1.cluster } }
        return seen
    }

    private func observed(_ node: Node) -> ObservedNode {
        let dash = node.name.lastIndex(of: "-") ?? node.name.endIndex
        let remains = NodeSpec(
            cluster: node.cluster,
            name: node.name,
            role: String(node.name[..<dash]),
            index: Int(node.name[dash...].dropFirst()) ?? 0,
        )
        let plan = node.domain?.plan ?? node.storage?.plan
        let (power, phase) = (node.domain?.power ?? .off, node.domain?.phase ?? .allocated)
        var seen =
            plan.map { ObservedNode($0, power: power, phase: phase) }
            ?? ObservedNode(remains, power: power, phase: phase)
        seen.hasDomain = node.domain != nil
        seen.hasStorage = node.storage?.plan != nil
        seen.etcdHistory = node.domain?.etcd ?? .unknown
        seen.autostart = node.domain?.autostart
        seen.take(node.storage?.boot, staged: node.storage?.staged)
        return seen
    }

    package func createNetwork(_ network: NetworkPlan) async throws {
        try begin("createNetwork", network.name)
        if foreignNetworks.contains(where: { $0.name == network.name }) {
            throw ProviderError(.conflict, "network \(network.name) is not Slipway's")
        }
        if networks[network.cluster]?.plan != network {
            try step { networks[network.cluster] = FakeNetwork(plan: network, active: false) }
        }
        if networks[network.cluster]?.active == false {
            try step { networks[network.cluster]?.active = true }
        }
    }

    package func removeNetwork(cluster: String) async throws {
        try begin("removeNetwork", cluster)
        let name = Identity.networkName(cluster: cluster)
        if foreignNetworks.contains(where: { $0.name == name }) {
            throw ProviderError(.conflict, "network \(name) is not Slipway's")
        }
        guard let network = networks[cluster] else { return }
        if network.active { try step { networks[cluster]?.active = false } }
        try step { networks[cluster] = nil }
    }

    package func allocate(_ node: NodePlan, image: NodeImagePaths) async throws {
        try begin("allocate", node.domainName)
        try requireOurs(node.domainName)
        let present = nodes[node.domainName]?.storage?.plan
        defer { setBoot(of: node) }
        if present == node { return }
        if present?.baseDigest != node.baseDigest, nodes[node.domainName]?.domain?.power == .running {
            throw ProviderError(.failed, "\(node.domainName) runs: its storage cannot be made anew")
        }
        // One that stays is brought up to date, and is whole meanwhile.
        if present == nil || present?.baseDigest != node.baseDigest {
            try step {
                clusterDirectories.insert(node.cluster)
                var entry = nodes[node.domainName] ?? Node(cluster: node.cluster, name: node.name)
                entry.storage = Storage(plan: nil)
                nodes[node.domainName] = entry
            }
        }
        try step { nodes[node.domainName]?.storage?.plan = node }
    }

    /// What is booted is written at once with the rest.
    private func setBoot(of node: NodePlan) {
        guard nodes[node.domainName]?.storage?.plan == node, nodes[node.domainName]?.domain?.power != .running,
            let entry = BootRecord.Entry(node)
        else { return }
        nodes[node.domainName]?.storage?.staged = nil
        nodes[node.domainName]?.storage?.boot.want(entry, fallback: node.trial.flatMap { BootRecord.Entry($0) })
    }

    package func stage(_ node: NodePlan) async throws {
        try begin("stage", node.domainName)
        try step {
            nodes[node.domainName]?.storage?.staged = node.trial == nil ? nil : BootRecord.Entry(node)
        }
        tellChange(of: node.domainName)
    }

    package func image(of node: NodeReference) async throws -> NodeImageState? {
        try checkAlive()
        return (nodes[node.domainName]?.storage?.boot).map { NodeImageState($0, complaint: nil) }
    }

    package func define(_ node: NodePlan, image: NodeImagePaths) async throws {
        try begin("define", node.domainName)
        try requireOurs(node.domainName)
        if nodes[node.domainName]?.domain?.plan == node, nodes[node.domainName]?.domain?.phase != .leaving { return }
        let present = nodes[node.domainName]?.domain
        let power = present?.power ?? .off
        let etcd = present.map { $0.etcd.keeping(over: node.etcdHistory, phase: $0.phase) } ?? node.etcdHistory
        try step {
            var entry = nodes[node.domainName] ?? Node(cluster: node.cluster, name: node.name)
            entry.domain = FakeDomain(plan: node, phase: .defined, power: power, etcd: etcd, autostart: node.autostart)
            nodes[node.domainName] = entry
        }
    }

    package func isWatched(_ node: NodeReference) async throws -> Bool {
        guard let left = losses[node.domainName], left > 0 else { return true }
        losses[node.domainName] = left - 1
        return false
    }

    package func start(_ node: NodeReference) async throws {
        try begin("start", node.domainName)
        let domain = try requireDomain(node)
        guard domain.power != .running else { return }
        guard nodes[node.domainName]?.storage?.plan != nil else {
            throw ProviderError(.failed, "cannot start \(node.domainName): its directory is not there")
        }
        guard networks[node.cluster]?.active == true else {
            throw ProviderError(.failed, "cannot start \(node.domainName): its network is not active")
        }
        try step {}
        await setPower(.running, of: node.domainName)
    }

    package func stop(_ node: NodeReference, deadline: Duration) async throws -> StopOutcome {
        try begin("stop", node.domainName)
        guard let time = stopTimes[node.domainName], time > deadline else {
            try await switchOff(node)
            return .shutDown
        }
        try await powerOff(node)
        return .powerCut
    }

    package func powerOff(_ node: NodeReference) async throws {
        try begin("powerOff", node.domainName)
        try await switchOff(node)
    }

    package func freeze(_ node: NodeReference) async throws {
        try begin("freeze", node.domainName)
        guard try requireDomain(node).power == .running else { return }
        try step {}
        await setPower(.other, of: node.domainName)
    }

    package func thaw(_ node: NodeReference) async throws {
        try begin("thaw", node.domainName)
        guard try requireDomain(node).power == .other else { return }
        try step {}
        await setPower(.running, of: node.domainName)
    }

    package func limitProcessor(of node: NodeReference, to percent: Int?) async throws {
        try begin("limitProcessor", "\(node.domainName) \(percent.map { "\($0)" } ?? "none")")
        try requireOurs(node.domainName)
        try step { nodes[node.domainName]?.domain?.bounds["processor"] = percent.map { "\($0) %" } }
    }

    package func limitMemory(of node: NodeReference, to percent: Int?) async throws {
        try begin("limitMemory", "\(node.domainName) \(percent.map { "\($0)" } ?? "none")")
        try requireOurs(node.domainName)
        try step {}
    }

    package func limitDisk(of node: NodeReference, to limit: DiskLimit?) async throws {
        try begin("limitDisk", "\(node.domainName) \(limit.map { "\($0.bytesPerSecond)" } ?? "none")")
        try requireOurs(node.domainName)
        try step { nodes[node.domainName]?.domain?.bounds["disk"] = limit.map { "\($0.bytesPerSecond) bytes/s" } }
    }

    package func bounds(of node: NodeReference) async throws -> [String] {
        try begin("bounds", node.domainName)
        let bounds = nodes[node.domainName]?.domain?.bounds ?? [:]
        return bounds.sorted { $0.key < $1.key }.map { "its \($0.key) is bounded to \($0.value)" }
    }

    private func switchOff(_ node: NodeReference) async throws {
        try requireOurs(node.domainName)
        guard let domain = nodes[node.domainName]?.domain, domain.power != .off else { return }
        try step {}
        await setPower(.off, of: node.domainName)
    }

    package func redefine(_ node: NodePlan, image: NodeImagePaths) async throws {
        try begin("redefine", node.domainName)
    }

    package func setMemory(of node: NodeReference, to mebibytes: Int) async throws {
        try begin("setMemory", "\(node.domainName) \(mebibytes)")
    }

    package func setAutostart(_ isOn: Bool, of node: NodeReference) async throws {
        try begin("setAutostart", "\(node.domainName) \(isOn)")
        _ = try requireDomain(node)
        try step { nodes[node.domainName]?.domain?.autostart = isOn }
    }

    package func setPhase(_ phase: NodePhase, of node: NodeReference) async throws {
        try begin("setPhase", "\(node.domainName) \(phase)")
        try requireOurs(node.domainName)
        if phase == .leaving, nodes[node.domainName]?.domain == nil { return }
        guard try requireDomain(node).phase != phase else { return }
        try step { nodes[node.domainName]?.domain?.phase = phase }
        tellChange(of: node.domainName)
    }

    package func recordEtcd(cluster id: String, of node: NodeReference) async throws {
        try begin("recordEtcd", "\(node.domainName) \(id)")
        guard try requireDomain(node).etcd != .joined(id) else { return }
        try step { nodes[node.domainName]?.domain?.etcd = .joined(id) }
    }

    package func remove(_ node: NodeReference) async throws {
        try begin("remove", node.domainName)
        try requireOurs(node.domainName)
        try await switchOff(node)
        if nodes[node.domainName]?.storage?.plan != nil { try step { nodes[node.domainName]?.storage?.plan = nil } }
        if nodes[node.domainName]?.domain != nil { try step { nodes[node.domainName]?.domain = nil } }
        if nodes[node.domainName] != nil { try step { nodes[node.domainName] = nil } }
    }

    package func removeClusterRemains(_ cluster: String) async throws {
        try begin("removeClusterRemains", cluster)
        if nodes.values.contains(where: { $0.cluster == cluster }) {
            throw ProviderError(.failed, "cluster \(cluster) still has nodes")
        }
        if clusterDirectories.contains(cluster) { try step { clusterDirectories.remove(cluster) } }
        restoring = restoring.filter { $0.cluster != cluster }
    }

    /// Any image of a virtual machine fits.
    package func checkAllocation(of node: NodePlan, image: NodeImagePaths) async throws {}

    /// No virtual machines can run.
    package func machineHost() async throws -> VMHost? { nil }

    /// The pool has no images.
    package func pruneVolumes(isDry: Bool) async throws -> [String] { [] }

    /// Every node lies on this host.
    package func nodesOfThisHost() async throws -> [ObservedNode] { [] }

    package func evidence(for node: NodeReference, lines: Int) async -> [String] {
        Array((consoles[node.domainName] ?? []).suffix(lines))
    }

    package func stoppedDomains() async -> AsyncStream<String> { listen() }

    package func changedDomains() async -> AsyncStream<String> { listenToChanges() }

    package func domainXML(for node: NodePlan, image: NodeImagePaths) async throws -> String {
        "<domain>\(node.domainName)</domain>\n"
    }

    package func networkXML(for network: NetworkPlan) async throws -> String {
        "<network>\(network.name)</network>\n"
    }

    private func requireOurs(_ domain: String) throws {
        if foreignDomains.contains(domain) {
            throw ProviderError(.conflict, "domain \(domain) is not Slipway's")
        }
    }

    private func requireDomain(_ node: NodeReference) throws -> FakeDomain {
        try requireOurs(node.domainName)
        guard let domain = nodes[node.domainName]?.domain else {
            throw ProviderError(.failed, "\(node.domainName) has no domain")
        }
        return domain
    }
}
