import Foundation
import Logging
import Planning
import Provisioning
import Synchronization
import TestKit
import Testing

@testable import LibvirtProvider

/// A driver of libvirt's that is away says nothing of its nodes.
@Suite struct DriverAbsenceTests {
    private func observe(hasNode: Bool, _ body: (ProviderObservation) -> Void = { _ in }) async throws {
        try await TemporaryDirectory.with { directory in
            let host = "\(directory)/host.xml"
            try Data("<node><cpu><mhz>2000</mhz><nodes>1</nodes></cpu></node>".utf8).write(to: URL(filePath: host))
            let logger = Logger(label: "test")
            let provider = LibvirtProvider(
                uri: "test://\(host)",
                home: "\(directory)/home",
                connections: 1,
                logger: logger
            )
            if hasNode { try provider.storage.create(Samples.node(), image: Samples.paths("/srv")) }
            provider.containers.driver.knownPresence.withLock { $0 = .absent("its driver is stopped") }
            do {
                body(try await provider.observe())
            } catch {
                await provider.close()
                throw error
            }
            await provider.close()
        }
    }

    @Test func nodesThatAreKnownHereMayRun() async throws {
        let error = await #expect(throws: ProviderError.self) { try await observe(hasNode: true) }
        #expect(error?.code == .connection)
        #expect(error?.message.contains("has the storage of prod.central-1, which may run") == true)
    }

    @Test func whereThereAreNoneItsAbsenceIsFine() async throws {
        try await observe(hasNode: false) { observed in
            #expect(observed.nodes.isEmpty && observed.noContainers == "its driver is stopped")
        }
    }
}
