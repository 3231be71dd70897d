import Foundation
import Libvirt
import Testing

@Suite struct DomainTests {
    @Test func livesFromDefineToUndefine() async throws {
        try await TestNode.with { hypervisor in
            let xml = TestNode.domainXML("prod.central-1")
            let states = try await hypervisor.run { connection throws(LibvirtError) in
                let domain = try connection.defineDomain(xml, name: "prod.central-1", validate: true)
                var states = [try domain.state()]
                try domain.start()
                states.append(try domain.state())
                try domain.destroy()
                states.append(try domain.state())
                try domain.undefine(try connection.undefineFlags())
                return states
            }
            #expect(states == [.shutOff, .running, .shutOff])
            let error = await #expect(throws: LibvirtError.self) {
                try await hypervisor.run { connection throws(LibvirtError) in
                    try connection.domain(named: "prod.central-1").start()
                }
            }
            #expect(error?.code == .notFound)
            #expect(error?.description.hasPrefix("cannot find domain prod.central-1: ") == true)
        }
    }

    @Test func definesTheSameTwice() async throws {
        try await TestNode.with { hypervisor in
            let xml = TestNode.domainXML("prod.central-1")
            let names = try await hypervisor.run { connection throws(LibvirtError) in
                _ = try connection.defineDomain(xml, name: "prod.central-1")
                _ = try connection.defineDomain(xml, name: "prod.central-1")
                var names: [String] = []
                try connection.forEachDomain { domain throws(LibvirtError) in names.append(domain.name) }
                return names
            }
            #expect(names == ["prod.central-1"])
        }
    }

    @Test func refusesANameWithAnotherUUID() async throws {
        try await TestNode.with { hypervisor in
            let xmls = [TestNode.domainXML("prod.central-1"), TestNode.domainXML("prod.central-1")]
            let error = await #expect(throws: LibvirtError.self) {
                try await hypervisor.run { connection throws(LibvirtError) in
                    for xml in xmls { _ = try connection.defineDomain(xml, name: "prod.central-1") }
                }
            }
            #expect(error?.code == .exists)
        }
    }

    @Test func keepsMetadataThroughAStart() async throws {
        try await TestNode.with { hypervisor in
            let xml = TestNode.domainXML("prod.central-1")
            let texts = try await hypervisor.run { connection throws(LibvirtError) in
                let domain = try connection.defineDomain(xml, name: "prod.central-1")
                var texts = [try domain.metadata(namespace: "urn:example:1")]
                try domain.setMetadata("<node role='worker'/>", prefix: "x", namespace: "urn:example:1")
                try domain.start()
                texts.append(try domain.metadata(namespace: "urn:example:1"))
                try domain.setMetadata("<node role='none'/>", prefix: "x", namespace: "urn:example:1")
                try domain.destroy()
                texts.append(try domain.metadata(namespace: "urn:example:1"))
                texts.append(try domain.metadata(namespace: "urn:example:other"))
                return texts
            }
            let roles = texts.map { $0?.split(separator: "\"").dropFirst().first ?? "-" }
            #expect(roles == ["central", "worker", "none", "-"])
        }
    }

    @Test func tellsWhatIsWrong() async throws {
        try await TestNode.with { hypervisor in
            let xml = TestNode.domainXML("a")
            func code(
                _ body: @Sendable (isolated Connection) throws(LibvirtError) -> Void,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async -> LibvirtError.Code? {
                await #expect(throws: LibvirtError.self, sourceLocation: sourceLocation) {
                    try await hypervisor.run(body)
                }?.code
            }
            #expect(
                await code { c throws(LibvirtError) in
                    _ = try c.defineDomain("<domain", name: "a")
                } == .invalidXML
            )
            #expect(
                await code { c throws(LibvirtError) in
                    try c.defineDomain(xml, name: "a").destroy()
                } == .wrongState
            )
            #expect(
                await code { c throws(LibvirtError) in
                    try c.domain(named: "a").undefine([.nvram])
                } == .invalidArgument
            )
            #expect(await code { c throws(LibvirtError) in try c.network(named: "a").start() } == .notFound)
        }
    }

    @Test func startsWithTheHost() async throws {
        try await TestNode.with { hypervisor in
            let xml = TestNode.domainXML("a")
            let isOn = try await hypervisor.run { connection throws(LibvirtError) in
                let domain = try connection.defineDomain(xml, name: "a")
                try domain.setAutostart(true)
                return try domain.autostart()
            }
            #expect(isOn)
        }
    }

    @Test func tellsEachChangeOfState() async throws {
        try await TestNode.with { hypervisor in
            let events = try await hypervisor.domainEvents()
            let xml = TestNode.domainXML("a")
            try await hypervisor.run { connection throws(LibvirtError) in
                let domain = try connection.defineDomain(xml, name: "a")
                try domain.start()
                try domain.destroy()
            }
            var seen: [DomainEvent] = []
            for await event in events {
                seen.append(event)
                if event.kind == .stopped { break }
            }
            #expect(seen.map(\.kind) == [.defined, .started, .stopped])
            #expect(seen.allSatisfy { $0.domain == "a" })
        }
    }

    @Test(.timeLimit(.minutes(5))) func endsTheStreamWithTheConnection() async throws {
        try await TestNode.with { hypervisor in
            let events = try await hypervisor.domainEvents()
            await hypervisor.close()
            for await _ in events {}
        }
    }
}
