import Foundation
import Libvirt
import Testing

@Suite struct NetworkTests {
    @Test func livesFromDefineToUndefine() async throws {
        try await TestNode.with { hypervisor in
            let xml = TestNode.networkXML("prod")
            let active = try await hypervisor.run { connection throws(LibvirtError) in
                let network = try connection.defineNetwork(xml, name: "prod")
                var active = [try network.isActive()]
                try network.start()
                active.append(try network.isActive())
                try network.destroy()
                active.append(try network.isActive())
                try network.undefine()
                return active
            }
            #expect(active == [false, true, false])
        }
    }

    @Test func listsWithXML() async throws {
        try await TestNode.with { hypervisor in
            let xmls = ["b", "a"].map { ($0, TestNode.networkXML($0)) }
            let found = try await hypervisor.run { connection throws(LibvirtError) in
                for (name, xml) in xmls { _ = try connection.defineNetwork(xml, name: name) }
                var found: [String: String] = [:]
                try connection.forEachNetwork { network throws(LibvirtError) in
                    found[network.name] = try network.xml()
                }
                return found
            }
            #expect(found.keys.sorted() == ["a", "b"])
            #expect(found["a"]?.contains("10.99.0.1") == true)
        }
    }

    @Test func refusesANameWithAnotherUUID() async throws {
        try await TestNode.with { hypervisor in
            let xmls = [TestNode.networkXML("prod"), TestNode.networkXML("prod")]
            let error = await #expect(throws: LibvirtError.self) {
                try await hypervisor.run { connection throws(LibvirtError) in
                    for xml in xmls { _ = try connection.defineNetwork(xml, name: "prod") }
                }
            }
            #expect(error?.code == .exists)
        }
    }
}
