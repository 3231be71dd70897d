import Basics
import Testing

@testable import Flannel

/// Nodes with clocks of their own, requests and answers that are lost, restarts and cut networks: no subnet ever has two
/// nodes that may be certain of it.
@Suite struct LeaseSafetyTests {
    @Test(arguments: 0..<60)
    func noSubnetIsGivenTwice(seed: UInt64) async throws {
        let simulation = try Simulation(seed: seed, registry: FakeRegistry())
        try await simulation.run(steps: 400)
        #expect(await simulation.violations == [], "seed \(seed)")
        try await simulation.settle()
        #expect(await simulation.violations == [], "seed \(seed)")
    }

    @Test func aRegistryThatComparesNothingIsFound() async throws {
        var found = false
        for seed in 0..<20 as Range<UInt64> where !found {
            let simulation = try Simulation(seed: seed, registry: FakeRegistry(comparesNothing: true))
            try await simulation.run(steps: 400)
            found = await !simulation.violations.isEmpty
        }
        #expect(found)
    }
}

private struct Lost: Error {}

/// Some nodes on a network that is almost too small for them, one step after the other.
private actor Simulation {
    final class Node {
        let address: IPv4Address
        /// Speed of its clock, which may differ from etcd's by a hundredth.
        let rate: Double
        let offset: Duration
        var keeper: LeaseKeeper
        var isCut = false
        var isBusy = false

        init(_ address: IPv4Address, rate: Double, offset: Duration, time: Duration) {
            (self.address, self.rate, self.offset) = (address, rate, offset)
            keeper = LeaseKeeper(publicIP: address, time: time)
        }
    }

    private static let lifetime = Duration.seconds(100)

    private var generator: SeededGenerator
    private let registry: FakeRegistry
    private let config: NetworkConfig
    private var nodes: [Node] = []
    private var time = Duration.zero
    private let start = ContinuousClock.now
    private var isCalm = false
    var violations: [String] = []

    init(seed: UInt64, registry: FakeRegistry) throws {
        generator = SeededGenerator(seed: seed)
        self.registry = registry
        // Three subnets for five nodes: what one loses, others want.
        config = try NetworkConfig(json: #"{"Network": "10.1.0.0/22"}"#)
        for number in 0..<5 {
            let rate = Double.random(in: 0.9905...1.0095, using: &generator)
            let offset = Duration.seconds(Int.random(in: -500...500, using: &generator))
            let address = IPv4Address(number: 0x0A47_0302 + UInt32(number))
            nodes.append(Node(address, rate: rate, offset: offset, time: Self.lifetime))
        }
    }

    private func now(of node: Node) -> ContinuousClock.Instant { start + node.offset + time * node.rate }

    func run(steps: Int) async throws {
        for _ in 0..<steps {
            let node = nodes[Int.random(in: 0..<nodes.count, using: &generator)]
            switch Int.random(in: 0..<20, using: &generator) {
            case 0: node.isCut.toggle()
            case 1: restart(node, forgets: Bool.random(using: &generator))
            case 2: advance(Self.lifetime * 1.2)
            case 3...8: advance(Self.lifetime * Double.random(in: 0...0.3, using: &generator))
            default: try await step(node)
            }
            check()
        }
    }

    /// Everything works again: every subnet has a node, and etcd says the same.
    func settle() async throws {
        isCalm = true
        for node in nodes { node.isCut = false }
        for _ in 0..<6 {
            for node in nodes { try await step(node) }
        }
        check()
        let stored = registry.leases
        if stored.count != config.subnetCount { violations.append("\(stored.count) subnets are given") }
        for node in nodes {
            let own = stored.filter { $0.attributes?.publicIP == node.address }.map(\.subnet)
            let held = node.keeper.held?.lease.subnet
            if own != [held].compactMap(\.self) {
                violations.append("\(node.address) holds \(held as Any), etcd has \(own)")
            }
        }
    }

    private func advance(_ duration: Duration) {
        time += duration
        registry.advance(duration)
    }

    private func restart(_ node: Node, forgets: Bool) {
        guard !node.isBusy else { return }
        let previous = forgets ? nil : node.keeper.previous
        node.keeper = LeaseKeeper(publicIP: node.address, previous: previous, time: Self.lifetime)
    }

    private func step(_ node: Node) async throws {
        guard !node.isBusy else { return }
        node.isBusy = true
        defer { node.isBusy = false }
        let address = node.address
        let view = View(registry: registry) { await self.fault(of: address) }
        let attributes = LeaseAttributes(publicIP: node.address, backend: "vxlan", tunnelAddress: "0e:00:00:00:00:01")
        var keeper = node.keeper
        do {
            let state = try await view.state()
            let before = now(of: node)
            let outcome = try await keeper.step(state, config, attributes, in: view) { before }
            node.keeper = keeper
            if outcome == .held {
                for lease in keeper.surplus(in: state) { try await view.release(lease) }
            }
            if case .lost = outcome {
                node.isBusy = false
                restart(node, forgets: false)
            }
        } catch is Lost {
            node.keeper = keeper
        }
    }

    enum Fault { case none, request, answer }

    /// What becomes of a node's request; while it is on its way, others do something.
    private func fault(of address: IPv4Address) async -> Fault {
        if isCalm { return .none }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            let other = nodes[Int.random(in: 0..<nodes.count, using: &generator)]
            do { try await step(other) } catch { violations.append("\(error)") }
        }
        if Int.random(in: 0..<8, using: &generator) == 0 {
            advance(Self.lifetime * Double.random(in: 0...0.5, using: &generator))
        }
        if nodes.contains(where: { $0.address == address && $0.isCut }) { return .request }
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: return .request
        case 1: return .answer
        default: return .none
        }
    }

    private func check() {
        var certain: [CIDRv4: IPv4Address] = [:]
        for node in nodes {
            guard let held = node.keeper.held, held.certainUntil > now(of: node) else { continue }
            if let other = certain[held.lease.subnet] {
                violations.append("\(held.lease.subnet) has \(other) and \(node.address)")
            }
            certain[held.lease.subnet] = node.address
        }
    }
}

/// The registry as one node reaches it.
private struct View: SubnetRegistry {
    let registry: FakeRegistry
    let fault: @Sendable () async -> Simulation.Fault

    private func faulty<Value: Sendable>(_ request: () async throws -> Value) async throws -> Value {
        let fault = await fault()
        if fault == .request { throw Lost() }
        let value = try await request()
        if fault == .answer { throw Lost() }
        return value
    }

    func state() async throws -> NetworkState { try await faulty { try await registry.state() } }
    func setConfig(_ text: String, over state: NetworkState) async throws -> Bool { false }
    func take(_ subnet: CIDRv4, _ attributes: LeaseAttributes, for time: Duration) async throws -> StoredLease? {
        try await faulty { try await registry.take(subnet, attributes, for: time) }
    }
    func renew(_ lease: StoredLease, _ attributes: LeaseAttributes, for time: Duration) async throws -> StoredLease? {
        try await faulty { try await registry.renew(lease, attributes, for: time) }
    }
    func release(_ lease: StoredLease) async throws { try await faulty { try await registry.release(lease) } }
    func change(since position: NetworkState.Position, within limit: Duration) async throws {}
}
