import Basics
import Etcd
import Planning
import Provisioning
import RebootLock
import SecureShell
import TopologyModel

extension FakeCluster: ClusterClients {
    package func etcd(_ endpoints: [String]) -> any EtcdCluster { FakeEtcdCluster(cluster: self) }
    package func fleet(_ endpoints: [String]) -> any FleetAccess { FakeFleet(cluster: self) }
    package func rebootLock(_ endpoints: [String], group: String) -> any RebootLocking { rebootLock }
}

extension FakeCluster: NodeShell {
    package func run(
        _ command: String,
        input: String?,
        on node: String,
        at address: IPv4Address,
        deadline: Duration,
    ) async throws -> SSHClient.Output {
        note { $0.logins += 1 }
        let reached = read { $0.well([.address]).contains { $0.name == node } }
        guard reached else { throw SSHError(.connection, "ssh to \(node) (\(address)) failed") }
        if command.contains("systemctl status") {
            return SSHClient.Output(exitCode: 0, standardOutput: "\(node) says what is wrong\n")
        }
        if let answer = fleetService(command, on: node) { return answer }
        if command.contains("is-active flanneld.service") {
            let isBroken = read { state in
                state.well([]).contains { $0.name == node && state.fault(of: $0) == .flannel }
            }
            return isBroken
                ? SSHClient.Output(exitCode: 1, standardOutput: "all 3 subnets of 10.1.0.0/28 are given\n")
                : SSHClient.Output(exitCode: 0)
        }
        if command.contains("list-units") {
            return SSHClient.Output(exitCode: 0, standardOutput: read { $0.systemUnits(of: node) })
        }
        let isBroken = read { state in
            state.well([]).contains { $0.name == node && state.fault(of: $0) == .cloudConfig }
        }
        return isBroken
            ? SSHClient.Output(exitCode: 0, standardOutput: #"{"stage":"done","ok":false,"error":"no such user"}"#)
            : SSHClient.Output(exitCode: 0, standardOutput: #"{"stage":"done","ok":true}"#)
    }

    /// systemd's answers about the fleetd of a node that was asked to leave: it has ended, and comes back when it is
    /// started.
    private func fleetService(_ command: String, on node: String) -> SSHClient.Output? {
        let id = read { state in state.nodes.values.first { $0.name == node }?.machineID }
        guard let id, read({ $0.left.contains(id) }), command.contains("fleet.service") else { return nil }
        if command.contains("systemctl start") {
            change { $0.left.remove(id) }
            return SSHClient.Output(exitCode: 0, standardOutput: "")
        }
        guard command.contains("systemctl show") else { return nil }
        let properties = "ActiveState=inactive\nNRestarts=0\nMainPID=0\nSubState=exited\nResult=success\n"
        return SSHClient.Output(exitCode: 0, standardOutput: properties)
    }

    /// For ``Executor/Reach``.
    package func reaches(_ address: IPv4Address) -> Bool {
        read { $0.well([.address]).contains { $0.address == address } }
    }
}

/// etcd's members as a ``FakeCluster`` has them. Members do not change.
struct FakeEtcdCluster: EtcdCluster {
    let cluster: FakeCluster

    func members() async throws(EtcdError) -> [Member] {
        let (members, hasQuorum) = cluster.read { ($0.members, $0.hasQuorum) }
        guard hasQuorum else { throw EtcdError(.unavailable, "no leader") }
        return members.sorted { $0.name < $1.name }.enumerated().map { index, node in
            Member(
                id: MemberID(UInt64(index + 1)),
                name: node.name,
                peerURLs: [node.peerURL],
                clientURLs: [node.clientURL],
            )
        }
    }

    func health(of endpoint: String) async throws(EtcdError) -> Bool {
        cluster.note {
            $0.healthAsked += 1
            $0.asking += 1
            $0.mostAsking = max($0.mostAsking, $0.asking)
        }
        defer { cluster.note { $0.asking -= 1 } }
        await Task.yield()
        let (node, hasQuorum) = cluster.read { state in
            (state.well([.address, .etcd]).first { $0.clientURL == endpoint }, state.hasQuorum)
        }
        guard node != nil else { throw EtcdError(.unavailable, "\(endpoint) does not answer") }
        return hasQuorum
    }

    func alarms() async throws(EtcdError) -> [EtcdAlarm] { [] }

    func addMember(peerURLs: [String], learner: Bool) async throws(EtcdError) -> Member { throw unsupported }
    func removeMember(_ id: MemberID) async throws(EtcdError) { throw unsupported }
    func promoteMember(_ id: MemberID) async throws(EtcdError) { throw unsupported }

    func putLegacy(_ wanted: EtcdHTTPClient.LegacyKey) async throws(EtcdError) {
        cluster.change { $0.log.append("put \(wanted.key)") }
    }

    func status(of endpoint: String) async throws(EtcdError) -> MemberStatus {
        guard let member = try await members().first(where: { $0.clientURLs.contains(endpoint) }) else {
            throw EtcdError(.unavailable, "\(endpoint) does not answer")
        }
        return MemberStatus(
            member: member.id,
            cluster: "c1",
            leader: MemberID(1),
            version: "3.4.23",
            revision: 1,
            raftTerm: 2,
            raftIndex: 8,
            databaseSize: 0,
        )
    }

    private var unsupported: EtcdError { EtcdError(.refused, "the fake's members do not change") }
}

/// fleet as a ``FakeCluster`` has it: it places every unit at once on the first machine.
struct FakeFleet: FleetAccess {
    let cluster: FakeCluster

    func observe() async throws -> ObservedFleet { cluster.read { $0.fleet } }

    func observe(
        until done: @escaping @Sendable (ObservedFleet) -> Bool,
        limit: Duration,
    ) async throws -> (fleet: ObservedFleet, done: Bool) {
        let found = try await withThrowingTaskGroup(of: ObservedFleet?.self) { group in
            group.addTask {
                for await _ in cluster.changes() {
                    let fleet = cluster.read { $0.fleet }
                    if done(fleet) { return fleet }
                }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        try Task.checkCancellation()
        if let found { return (found, true) }
        return (cluster.read { $0.fleet }, false)
    }

    func deploy(_ unit: UnitPlan) async throws {
        cluster.change {
            $0.units[unit.name] = unit
            $0.deployed.insert(unit.name)
            $0.log.append("deploy \(unit.name)")
        }
    }

    func destroy(_ unit: String) async throws {
        cluster.change {
            $0.units[unit] = nil
            $0.deployed.remove(unit)
        }
    }

    func record(deployed units: [String]) async throws {
        cluster.change { $0.deployed.formUnion(units) }
    }

    func drain(_ machineIDs: Set<String>) async throws { cluster.change { $0.drained.formUnion(machineIDs) } }

    func endDrain(machineID: String) async throws { cluster.change { $0.drained.remove(machineID) } }

    func askToLeave(machineID: String) async throws -> Bool {
        guard cluster.read({ $0.fleet.machines.contains(machineID) }) else { return false }
        cluster.change { $0.left.insert(machineID) }
        return true
    }

    func forget(machineID: String) async throws {}
}

/// Images that are all there, or take a moment of making.
package struct FakeImages: ImageSource {
    private let present: Bool

    package init(present: Bool = true) {
        self.present = present
    }

    package func ensure(
        _ digests: ImageDigests,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> NodeImagePaths {
        progress("making it")
        return paths(digests)
    }

    package func paths(_ digests: ImageDigests) -> NodeImagePaths {
        NodeImagePaths(root: "/images/\(digests.root)", layer: "/images/\(digests.layer)")
    }

    package func isPresent(_ digests: ImageDigests) -> Bool { present }

    package func isForeign(_ digests: ImageDigests) -> Bool { false }
}
