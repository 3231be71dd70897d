import Basics
import Etcd
import TestKit
import Testing

@testable import Flannel

/// The registry in a real etcd, with its v2 API and without.
@Suite struct EtcdSubnetRegistryTests {
    private static let time = Duration.seconds(24 * 3600)

    private func attributes(_ address: String, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> LeaseAttributes
    {
        LeaseAttributes(
            publicIP: try #require(IPv4Address(address), sourceLocation: sourceLocation),
            backend: "vxlan",
            tunnelAddress: "0e:00:00:00:00:01",
        )
    }

    @Test(arguments: [true, false])
    func givesASubnetOnce(v2: Bool) async throws {
        try await RealEtcd.with(servesV2: v2) { etcd in
            let registry = EtcdSubnetRegistry(etcd: EtcdHTTPClient.patient(etcd.clientURLs))
            let empty = try await registry.state()
            #expect(empty.config == nil && empty.leases.isEmpty)
            #expect(try await registry.setConfig(#"{"Network":"10.1.0.0/16"}"#, over: empty))
            #expect(try await !registry.setConfig("later", over: empty))

            let subnet = try #require(CIDRv4("10.1.15.0/24"))
            let (one, two) = (try attributes("10.71.3.2"), try attributes("10.71.3.3"))
            let taken = try #require(try await registry.take(subnet, one, for: Self.time))
            #expect(try await registry.take(subnet, two, for: Self.time) == nil)
            let state = try await registry.state()
            #expect(state.config == #"{"Network":"10.1.0.0/16"}"#)
            #expect(state.leases == [taken])
            #expect(!taken.isPermanent)

            let moved = try attributes("10.71.3.4")
            let renewed = try #require(try await registry.renew(taken, moved, for: Self.time))
            #expect(try await registry.renew(taken, one, for: Self.time) == nil)
            let again = try #require(try await registry.renew(renewed, moved, for: Self.time))
            #expect(try await registry.state().leases == [again])
            try await registry.release(taken)
            #expect(try await registry.state().leases == [again])
            try await registry.release(again)
            #expect(try await registry.state().leases == [])
            #expect(try await registry.renew(again, moved, for: Self.time) == nil)
        }
    }

    @Test(arguments: [true, false])
    func oneOfManyWins(v2: Bool) async throws {
        try await RealEtcd.with(servesV2: v2) { etcd in
            let registry = EtcdSubnetRegistry(etcd: EtcdHTTPClient.patient(etcd.clientURLs))
            let subnet = try #require(CIDRv4("10.1.15.0/24"))
            let all = try (0..<8).map { try attributes("10.71.3.\($0 + 2)") }
            let winners = try await withThrowingTaskGroup(of: Int.self) { group in
                for own in all {
                    group.addTask { try await registry.take(subnet, own, for: Self.time) == nil ? 0 : 1 }
                }
                return try await group.reduce(0, +)
            }
            #expect(winners == 1)
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [true, false])
    func tellsOfChangesAndLeasesEnd(v2: Bool) async throws {
        try await RealEtcd.with(servesV2: v2) { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            let registry = EtcdSubnetRegistry(etcd: client, prefix: "other/net/")
            let subnet = try #require(CIDRv4("10.1.15.0/24"))
            let own = try attributes("10.71.3.2")
            let before = try await registry.state()
            let held = try #require(try await registry.take(subnet, own, for: Self.time))
            // What changed already is told at once; what did not is waited for.
            let begun = ContinuousClock.now
            try await registry.change(since: before.position, within: .seconds(60))
            #expect(ContinuousClock.now - begun < .seconds(30))
            var found = try await registry.state()
            #expect(found.leases == [held])
            // A lease that is short from the start may end before it is looked at, or even before the key is written.
            if let lease = held.etcdLease {
                try await client.revoke(lease)
            } else {
                _ = try #require(try await registry.renew(held, own, for: .seconds(1)))
            }
            while !found.leases.isEmpty {
                try await registry.change(since: found.position, within: .seconds(60))
                found = try await registry.state()
            }
            let quiet = try await registry.state()
            try await registry.change(since: quiet.position, within: .milliseconds(100))
        }
    }

    @Test func aReservationStays() async throws {
        try await RealEtcd.with { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            let registry = EtcdSubnetRegistry(etcd: client)
            let own = try attributes("10.71.3.2")
            let key = "coreos.com/network/subnets/10.1.15.0-24"
            #expect(try await client.setLegacyValue(of: key, to: own.json, after: nil))
            let reserved = try #require(try await registry.state().leases.first)
            #expect(reserved.isPermanent)
            let renewed = try await registry.renew(reserved, own, for: .seconds(1))
            #expect(renewed?.isPermanent == true)
            let state = try await registry.state()
            #expect(state.leases.first?.isPermanent == true)
        }
    }
}
