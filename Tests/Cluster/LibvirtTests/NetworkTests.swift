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

    @Test(.timeLimit(.minutes(5))) func tellsEachChange() async throws {
        try await TestNode.with { hypervisor in
            let events = try await hypervisor.networkEvents()
            let domains = try await hypervisor.domainEvents()
            let xmls = ["a", "b"].map { ($0, TestNode.networkXML($0)) }
            try await hypervisor.run { connection throws(LibvirtError) in
                for (name, xml) in xmls {
                    let network = try connection.defineNetwork(xml, name: name)
                    try network.undefine()
                }
            }
            var seen: [String] = []
            for await name in events {
                seen.append(name)
                if seen.count == 4 { break }
            }
            #expect(seen == ["a", "a", "b", "b"])
            await hypervisor.close()
            for await event in domains { Issue.record("\(event) is a network's") }
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
