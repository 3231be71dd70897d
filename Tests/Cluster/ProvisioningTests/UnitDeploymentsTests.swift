import Etcd
import FleetState
import TestKit
import Testing
import UnitFiles

@testable import Provisioning

@Suite(.timeLimit(.minutes(5))) struct UnitDeploymentsTests {
    private let etcd = FakeEtcd()
    private var registry: FleetRegistry { FleetRegistry(etcd: etcd) }
    private var deployments: UnitDeployments { UnitDeployments(registry) { "mark/" + $0 } }

    private static func file(_ text: String) -> UnitFile {
        UnitFile(options: [UnitOption(section: "Service", name: "ExecStart", value: "/bin/\(text)")])
    }

    private func wish(_ number: Int, text: String = "x", _ target: TargetState = .launched) -> UnitWish {
        UnitWish(name: "u\(number).service", file: Self.file(text), target: target)
    }

    private func deploy(_ wishes: [UnitWish], by deployments: UnitDeployments) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for wish in wishes { group.addTask { try await deployments.deploy(wish) } }
            try await group.waitForAll()
        }
    }

    @Test func unitsOfOneMomentAreWrittenTogether() async throws {
        let (gate, opening) = AsyncStream.makeStream(of: Never.self)
        let slow = MeddlingEtcd(etcd: etcd) { _ in for await _ in gate {} }
        let deployments = UnitDeployments(FleetRegistry(etcd: slow)) { "mark/" + $0 }
        let before = try await registry.snapshot().revision
        async let deploying: Void = deploy((1...100).map { wish($0) }, by: deployments)
        try await eventually("all but the first wait") { await deployments.waiting.count == 99 }
        opening.finish()
        try await deploying
        let snapshot = try await registry.snapshot()
        #expect(snapshot.units.count == 100 && snapshot.desired.values.allSatisfy { $0.value == .launched })
        // One revision is one message to every machine.
        #expect(snapshot.revision - before == 4)
        let marks = try await etcd.range(RangeRequest(.prefix("mark/"))).keyValues.map(\.key)
        #expect(Set(marks) == Set((1...100).map { "mark/u\($0).service" }))
    }

    @Test func onlyWhatDiffersIsWritten() async throws {
        let deployments = deployments
        try await deployments.deploy(wish(1))
        let first = try await registry.snapshot()
        try await deployments.deploy(wish(1))
        #expect(try await registry.snapshot() == first)
        try await deployments.deploy(wish(1, .loaded))
        let second = try await registry.snapshot()
        #expect(second.units == first.units && second.target(of: "u1.service") == .loaded)
        try await deployments.deploy(wish(1, text: "y", .loaded))
        let third = try await registry.snapshot()
        #expect(third.units["u1.service"]?.file == Self.file("y"))
    }

    /// What somebody else changes between reading and writing is not overwritten, and keeps no other unit back.
    @Test func aUnitThatSomebodyChangesKeepsNoOtherBack() async throws {
        let registry = registry
        try await registry.create(unit: "u3.service", Self.file("x"))
        let meddling = MeddlingEtcd(etcd: etcd) { transaction in
            guard transaction.conditions.count > 1 else { return }
            try await registry.replace(unit: "u3.service", Self.file("other"), target: .launched)
        }
        let deployments = UnitDeployments(FleetRegistry(etcd: meddling)) { "mark/" + $0 }
        try await deploy((1...5).map { wish($0, text: "y") }, by: deployments)
        #expect(try await registry.snapshot().units.values.allSatisfy { $0.file == Self.file("y") })
        #expect(try await registry.snapshot().units.count == 5)
    }

    /// Changed again and again, it is left to whoever changes it.
    @Test func aUnitThatIsChangedAtEachAttemptIsAnError() async throws {
        let registry = registry
        try await registry.create(unit: "u1.service", Self.file("x"))
        let meddling = MeddlingEtcd(etcd: etcd) { transaction in
            guard !transaction.conditions.isEmpty else { return }
            try await registry.replace(unit: "u1.service", Self.file("other"), target: .launched)
        }
        let deployments = UnitDeployments(FleetRegistry(etcd: meddling)) { "mark/" + $0 }
        let error = await #expect(throws: RegistryError.self) { try await deployments.deploy(wish(1, text: "y")) }
        #expect(error?.code == .changedMeanwhile)
    }
}

/// etcd, in which somebody does something before each transaction.
private struct MeddlingEtcd: EtcdClient {
    let etcd: FakeEtcd
    let before: @Sendable (Transaction) async throws -> Void

    func range(_ request: RangeRequest) async throws(EtcdError) -> RangeResponse { try await etcd.range(request) }

    func commit(_ transaction: Transaction) async throws(EtcdError) -> TransactionResponse {
        do {
            try await before(transaction)
        } catch {
            Issue.record(error)
        }
        return try await etcd.commit(transaction)
    }

    func grantLease(ttl: Int64) async throws(EtcdError) -> Lease { try await etcd.grantLease(ttl: ttl) }

    func keepAlive(_ lease: LeaseID) async throws(EtcdError) -> Lease? { try await etcd.keepAlive(lease) }

    func revoke(_ lease: LeaseID) async throws(EtcdError) { try await etcd.revoke(lease) }

    func watch(_ range: KeyRange, from revision: Int64) -> EtcdWatch { etcd.watch(range, from: revision) }
}
