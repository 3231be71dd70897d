import Foundation
import Libvirt
import Testing

@Suite struct ConnectionTests {
    @Test func aMissingDaemonIsAConnectionError() async throws {
        let socket = "/nonexistent/\(UUID().uuidString)"
        let hypervisor = Hypervisor(uri: "lxc+unix:///system?socket=\(socket)")
        let error = await #expect(throws: LibvirtError.self) {
            try await hypervisor.run { connection throws(LibvirtError) in try connection.driver() }
        }
        #expect(error?.code == .connectionLost)
        #expect(error?.description.contains("slipway doctor") == true)
    }

    @Test func knowsItsDriver() async throws {
        try await TestNode.with { hypervisor in
            let facts = try await hypervisor.run { connection throws(LibvirtError) in
                (try connection.driver(), try connection.version(), try connection.capabilities())
            }
            #expect(facts.0 == "TEST")
            #expect(facts.1 > 1_000_000)
            #expect(facts.2.contains("<capabilities>"))
        }
    }

    @Test func callsAfterCloseFail() async throws {
        let connection = try await Connection.open(uri: "test:///default")
        #expect(await connection.isAlive)
        await connection.close()
        await connection.close()
        #expect(await !connection.isAlive)
        let error = await #expect(throws: LibvirtError.self) { try await connection.driver() }
        #expect(error?.code == .connectionLost)
    }

    @Test func lendsEachConnectionOnce() async throws {
        try await TestNode.with { hypervisor in
            let xmls = (1...20).map { ("n\($0)", TestNode.domainXML("n\($0)")) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (name, xml) in xmls {
                    group.addTask {
                        try await hypervisor.run { connection throws(LibvirtError) in
                            try connection.defineDomain(xml, name: name).start()
                        }
                    }
                }
                try await group.waitForAll()
            }
            let running = try await hypervisor.run { connection throws(LibvirtError) in
                var running = 0
                try connection.forEachDomain { domain throws(LibvirtError) in
                    if try domain.state() == .running { running += 1 }
                }
                return running
            }
            // One connection, one private driver: had a second been opened, some would be missing.
            #expect(running == 20)
        }
    }

    @Test(
        arguments: [
            ("LXC", 9_000_000, []), ("QEMU", 5_000_000, [.managedSave, .snapshots, .nvram]),
            ("QEMU", 9_000_000, [.managedSave, .snapshots, .nvram, .checkpoints, .tpm]),
        ] as [(String, UInt, UndefineFlags)]
    )
    func undefinesAsTheDriverCan(driver: String, version: UInt, flags: UndefineFlags) {
        #expect(UndefineFlags.all(driver: driver, version: version) == flags)
    }
}
