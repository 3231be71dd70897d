import Foundation
import Libvirt
import Testing

@testable import LibvirtProvider

/// libvirt's storage pool `slipway` goes with the last volume in it.
struct PoolRemovalTests {
    private static let image = "image-\(String(repeating: "a", count: 64)).raw"

    /// Calls `body` with a provider of libvirt's driver for tests, whose pool holds one image that is whole.
    private func withPool(_ body: (LibvirtProvider) async throws -> Void) async throws {
        try await ProviderUnderTest.testDriver.with { world in
            guard case .libvirt(let provider) = world.hands else { return }
            try await provider.machines.driver.run { connection throws(LibvirtError) in
                _ = try connection.ensurePool(path: Volumes.poolPath)
                let pool = try connection.pool(named: Volumes.pool)
                for name in [Self.image, Volumes.mark(ofImage: Self.image)] {
                    _ = try pool.createVolume(Volumes.rawXML(name, capacity: 512, mode: "0444"), name: name)
                }
            }
            try await body(provider)
        }
    }

    private func state(_ provider: LibvirtProvider) async throws -> PoolState {
        try await provider.machines.driver.run { connection throws(LibvirtError) in try connection.poolState() }
    }

    @Test func pruningTheLastImageRemovesThePool() async throws {
        try await withPool { provider in
            let removed = try await provider.pruneVolumes(isDry: false)
            #expect(removed == [Self.image])
            #expect(try await state(provider) == .missing)
            #expect(try await provider.pruneVolumes(isDry: false).isEmpty)
        }
    }

    @Test func aPoolWithSomethingElseInItStays() async throws {
        try await withPool { provider in
            try await provider.machines.driver.run { connection throws(LibvirtError) in
                let pool = try connection.pool(named: Volumes.pool)
                _ = try pool.createVolume(Volumes.rawXML("mine.raw", capacity: 512, mode: "0600"), name: "mine.raw")
            }
            #expect(try await provider.pruneVolumes(isDry: false) == [Self.image])
            #expect(try await state(provider) == .ready(path: Volumes.poolPath))
        }
    }

    /// Its volumes may only be away: their directory is not mounted, say.
    @Test func aPoolWhoseVolumesADomainNamesStays() async throws {
        try await withPool { provider in
            let disk = "\(Volumes.poolPath)/demo.core-1.disk.qcow2"
            try await provider.machines.driver.run { connection throws(LibvirtError) in
                let xml = """
                    <domain type='test'><name>demo.core-1</name><memory>65536</memory><os><type>hvm</type></os>
                    <devices><disk type='file'><source file='\(disk)'/><target dev='vda'/></disk></devices></domain>
                    """
                _ = try connection.defineDomain(xml, name: "demo.core-1")
                try connection.removePoolIfEmpty(path: Volumes.poolPath)
            }
            _ = try await provider.pruneVolumes(isDry: false)
            #expect(try await state(provider) == .ready(path: Volumes.poolPath))
        }
    }
}
