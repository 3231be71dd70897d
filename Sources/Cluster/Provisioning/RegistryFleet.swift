import Basics
import Etcd
import FleetState
import Planning
import RebootLock
import Synchronization
import TopologyModel
import TransportSecurity
import UnitFiles

/// fleet, spoken to through its registry in etcd.
package struct RegistryFleet: FleetAccess {
    private let registry: FleetRegistry
    /// One for all who wait.
    private let observer: FleetObserver
    private let deployments: UnitDeployments

    /// Time that the first reading may take at least.
    private let firstReading: Duration

    /// Creates a client that keeps one watch for all who wait.
    ///
    /// - Parameter firstReading: time that the first reading may take at least. An etcd on an emulated machine needs
    ///   longer for it than some callers' limits.
    package init(registry: FleetRegistry, firstReading: Duration = .seconds(30)) {
        self.firstReading = firstReading
        let observer = FleetObserver(registry)
        self.observer = observer
        self.registry = observer.recording(registry)
        deployments = UnitDeployments(self.registry) { Self.deployedPrefix + $0 }
    }

    /// Returns true when both wait for the same watch.
    func sharesItsWatch(with other: RegistryFleet) -> Bool { observer === other.observer }

    /// Prefix of the keys that name the units deployed by Slipway.
    private static let deployedPrefix = "slipway/units/"

    package func observe() async throws -> ObservedFleet {
        var fleet = Self.observed(try await registry.snapshot())
        fleet.deployed = try await deployed()
        return fleet
    }

    private func deployed() async throws -> Set<String> {
        let keys = try await registry.etcd.range(RangeRequest(.prefix(Self.deployedPrefix))).keyValues.map(\.key)
        return Set(keys.map { String($0.dropFirst(Self.deployedPrefix.count)) })
    }

    package func record(deployed units: [String]) async throws {
        let missing = Set(units).subtracting(try await deployed())
        for unit in missing.sorted() { try await registry.etcd.put(Self.deployedPrefix + unit, "") }
    }

    package func observe(
        until done: @escaping @Sendable (ObservedFleet) -> Bool,
        limit: Duration,
    ) async throws -> (fleet: ObservedFleet, done: Bool) {
        let patience = max(limit, firstReading)
        let (first, seen) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let last = Latest<ObservedFleet?>(nil)
        let found: ObservedFleet? = try await observer.watching { looks in
            try await race([
                {
                    for await look in looks {
                        _ = last.update(look)
                        if done(look) { return look }
                        seen.yield()
                    }
                    return nil
                },
                {
                    guard await withDeadline(patience, { await first.contains { true } }) == true else { return nil }
                    try await Task.sleep(for: limit)
                    return nil
                },
            ])
        }
        try Task.checkCancellation()
        if let found { return (found, true) }
        if let fleet = last.value { return (fleet, false) }
        throw observer.failure ?? RegistryError(.unavailable, "fleet's state could not be read within \(patience)")
    }

    package func deploy(_ unit: UnitPlan) async throws {
        let file = try UnitFile(parsing: unit.text, file: unit.name)
        try await deployments.deploy(UnitWish(name: unit.name, file: file, target: unit.desiredState))
    }

    package func destroy(_ unit: String) async throws {
        do {
            try await registry.destroy(unit: unit)
        } catch  where error.code == .noSuchUnit {
            // It is gone, as it should be.
        }
        try await registry.etcd.delete(.key(Self.deployedPrefix + unit))
    }

    package func drain(_ machineIDs: Set<String>) async throws {
        // Where the run is cut short, those that stay take units again soon.
        try await registry.drain(machineIDs, forSeconds: 120)
    }

    package func endDrain(machineID: String) async throws {
        try await registry.setDraining(false, machineID)
    }

    package func askToLeave(machineID: String) async throws -> Bool {
        try await registry.askToLeave(machineID: machineID)
    }

    package func forget(machineID: String) async throws {
        guard let machine = try await registry.snapshot().machines[machineID], let lease = machine.lease else { return }
        let session = MachineSession(
            machineID: machineID,
            lease: lease,
            ttl: 0,
            createRevision: machine.createRevision,
            revision: 0,
        )
        try await registry.leave(session)
    }

    static func observed(_ snapshot: FleetSnapshot) -> ObservedFleet {
        var units: [String: ObservedFleet.Unit] = [:]
        for (name, unit) in snapshot.units {
            let states = (snapshot.states[name] ?? [:]).mapValues(\.state)
            // What ended with an earlier text says nothing of this one.
            let ended = states.filter {
                $0.value.hash == unit.hash.hex && $0.value.endedWell(isOneshot: unit.isOneshot)
            }
            units[name] = ObservedFleet.Unit(
                name: name,
                hash: "\(unit.hash)",
                desiredState: snapshot.target(of: name),
                states: states.mapValues(\.activeState),
                reason: snapshot.reasons[name],
                ended: Set(ended.keys),
            )
        }
        var observed = ObservedFleet(machines: Set(snapshot.machines.keys), units: units)
        observed.setUp = Set(snapshot.machines.filter { $0.value.record.isSetUp == true }.keys)
        return observed
    }
}

/// Clients of a running cluster, over etcd's JSON gateway on its members. Those of the same members are one and the
/// same, so that all who wait for fleet share one watch.
package struct LiveClusterClients: ClusterClients {
    private struct Key: Hashable {
        var endpoints: [String]
        var timeout: Duration
    }

    private final class Shared: Sendable {
        let clients = Mutex<[Key: EtcdHTTPClient]>([:])
        let fleets = Mutex<[[String]: RegistryFleet]>([:])
    }

    private let tls: TLSIdentity?
    private let proxyPort: Int?
    private let shared = Shared()

    /// - Parameters:
    ///   - tls: for clusters whose etcd speaks TLS.
    ///   - proxyPort: of a SOCKS server on this host's loopback, for nodes that are reached through it.
    package init(tls: TLSIdentity? = nil, proxyPort: Int? = nil) {
        self.tls = tls
        self.proxyPort = proxyPort
    }

    package func etcd(_ endpoints: [String]) -> any EtcdCluster {
        client(endpoints, .seconds(1))
    }

    package func fleet(_ endpoints: [String]) -> any FleetAccess {
        shared.fleets.withLock { fleets in
            if let fleet = fleets[endpoints] { return fleet }
            // A silent member is soon left for the next one. Where there is only one, it may take its time: it may be a
            // virtual machine without a processor's help.
            let timeout = endpoints.count == 1 ? Duration.seconds(10) : .seconds(2)
            let fleet = RegistryFleet(registry: FleetRegistry(etcd: client(endpoints, timeout)))
            fleets[endpoints] = fleet
            return fleet
        }
    }

    package func rebootLock(_ endpoints: [String], group: String) -> any RebootLocking {
        RebootLock(etcd: client(endpoints, .seconds(5)), group: group)
    }

    private func client(_ endpoints: [String], _ timeout: Duration) -> EtcdHTTPClient {
        shared.clients.withLock { clients in
            let key = Key(endpoints: endpoints, timeout: timeout)
            if let client = clients[key] { return client }
            let client = EtcdHTTPClient(
                endpoints: endpoints,
                requestTimeout: timeout,
                tls: tls,
                proxyPort: proxyPort,
            )
            clients[key] = client
            return client
        }
    }
}
