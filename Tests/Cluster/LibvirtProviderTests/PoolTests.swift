import Foundation
import Libvirt
import Logging
import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel

@testable import LibvirtProvider

/// Disks of machines, while libvirt shows nothing of the pool that they are in.
@Suite struct PoolTests {
    private let node = NodeReference(cluster: "prod", name: "central-1", runtime: .vm)

    private func with(_ body: (LibvirtProvider, _ pool: String) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let host = "\(directory)/host.xml"
            let pool = "\(directory)/pool"
            try Data("<node><cpu><mhz>2000</mhz><nodes>1</nodes></cpu></node>".utf8).write(to: URL(filePath: host))
            try FileManager.default.createDirectory(atPath: pool, withIntermediateDirectories: true)
            let provider = LibvirtProvider(
                uri: "test://\(host)",
                home: "\(directory)/home",
                connections: 1,
                pool: pool,
                logger: Logger(label: "test"),
            )
            do {
                try await body(provider, pool)
            } catch {
                await provider.close()
                throw error
            }
            await provider.close()
        }
    }

    private func write(_ kinds: [Volumes.Kind], in pool: String) throws {
        for kind in kinds {
            try Data("old".utf8).write(to: URL(filePath: "\(pool)/\(Volumes.name(kind, of: node))"))
        }
    }

    /// Without its pool and its domains, libvirt knows nothing of a machine, whose disk lies there all the same.
    @Test func disksOfALostPoolAreSeen() async throws {
        try await with { provider, pool in
            #expect(try await provider.observe().poolFault == nil, "there never was one")
            try write([.disk, .config], in: pool)
            let seen = try await provider.observe()
            let remains = try #require(seen.nodes(of: "prod").first)
            #expect(!remains.hasDomain && remains.hasStorage && remains.runtime == .vm)
            #expect(
                seen.poolFault == "libvirt has lost its storage pool slipway, which has the disks of prod.central-1"
            )
            // What was seen is taken up.
            #expect(try await provider.machines.ensurePool() == pool)
            #expect(try await provider.observe().poolFault == nil)
        }
    }

    /// With the last volume the pool goes again.
    @Test func aMachineIsRemovedFromALostPool() async throws {
        try await with { provider, pool in
            try await provider.remove(node)
            #expect(try await provider.machines.isPool(.missing), "nothing of it is there")
            try write([.disk], in: pool)
            try await provider.remove(node)
            #expect(try await provider.machines.isPool(.missing))
        }
    }

    /// To look is not to start.
    @Test func anInactivePoolIsSaidAndLeftSo() async throws {
        try await with { provider, pool in
            try await provider.machines.ensurePool()
            try await provider.machines.driver.run { connection throws(LibvirtError) in
                try connection.pool(named: Volumes.pool).destroy()
            }
            try write([.disk], in: pool)
            let seen = try await provider.observe()
            #expect(seen.poolFault == "storage pool slipway is inactive")
            #expect(seen.nodes(of: "prod").map(\.hasStorage) == [true])
            #expect(try await provider.machines.isPool(.inactive(path: pool)))
            #expect(try await provider.machines.ensurePool() == pool)
            #expect(try await provider.observe().poolFault == nil)
        }
    }
}

extension VirtualMachineBackend {
    fileprivate func isPool(_ state: PoolState) async throws -> Bool {
        try await driver.run { connection throws(LibvirtError) in try connection.poolState() } == state
    }
}
