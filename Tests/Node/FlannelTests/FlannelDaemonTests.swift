import Basics
import Logging
import Synchronization
import TestKit
import Testing

@testable import Flannel

/// flanneld on a machine and a registry in memory.
@Suite struct FlannelDaemonTests {
    /// A machine: what stays of it when flanneld ends, and what goes with its power.
    private final class Machine: Sendable {
        let address: IPv4Address
        let tools: FakeTools
        let files = MemoryText()
        let notes = Mutex<[String]>([])
        private let listeners = Mutex<[AsyncStream<Void>.Continuation]>([])

        init(_ address: String) throws {
            self.address = try #require(IPv4Address(address))
            tools = FakeTools(address: self.address)
        }

        func daemon(_ registry: FakeRegistry, _ change: (inout FlannelDaemon.Settings) -> Void = { _ in })
            -> FlannelDaemon
        {
            var settings = FlannelDaemon.Settings()
            settings.masquerades = true
            change(&settings)
            var pauses = FlannelDaemon.Pauses()
            (pauses.shortest, pauses.longest) = (.milliseconds(5), .milliseconds(20))
            return FlannelDaemon(
                settings: settings,
                registry: registry,
                tools: NetworkTools(tools),
                files: files.files,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                pauses: pauses,
                notify: { note in self.notes.withLock { $0.append(note) } },
                kernelChanges: { self.listen() },
            )
        }

        private func listen() -> AsyncStream<Void> {
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            listeners.withLock { $0.append(continuation) }
            return stream
        }

        /// Says that something of the kernel's has changed.
        func tellOfKernel() { listeners.withLock { $0.forEach { $0.yield() } } }

        var isReady: Bool { notes.withLock { $0.contains { $0.hasPrefix("READY=1") } } }
    }

    private final class MemoryText: Sendable {
        private let texts = Mutex<[String: String]>([:])
        var files: SubnetFiles {
            SubnetFiles(
                read: { path in self.texts.withLock { $0[path] } },
                write: { path, text in self.texts.withLock { $0[path] = text } },
            )
        }
        var subnet: String? { texts.withLock { $0["/run/flannel/subnet.env"] } }
    }

    private static let config = #"{"Network": "10.1.0.0/16", "Backend": {"Type": "vxlan"}}"#

    private func running(_ daemon: FlannelDaemon, _ body: () async throws -> Void) async throws {
        let task = Task { try await daemon.run() }
        defer { task.cancel() }
        try await body()
    }

    private func peer(
        _ subnet: String,
        at publicIP: String,
        _ mac: String,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) throws -> StoredLease {
        StoredLease(
            subnet: try #require(CIDRv4(subnet), sourceLocation: sourceLocation),
            attributes: LeaseAttributes(
                publicIP: try #require(IPv4Address(publicIP), sourceLocation: sourceLocation),
                backend: "vxlan",
                tunnelAddress: mac,
            ),
            version: 1,
        )
    }

    @Test func twoNodesLeadToEachOther() async throws {
        let registry = FakeRegistry(config: Self.config)
        let (one, two) = (try Machine("10.71.3.2"), try Machine("10.71.3.3"))
        try await running(one.daemon(registry)) {
            try await eventually("the first is ready") { one.isReady }
            try await running(two.daemon(registry)) {
                try await eventually("both have a route") {
                    one.tools.state.tables.routes.count == 1 && two.tools.state.tables.routes.count == 1
                }
            }
        }
        let (first, second) = (one.tools.state, two.tools.state)
        let mac = try #require(second.device?.hardwareAddress)
        #expect(first.tables.forwarding == [mac: two.address])
        #expect(first.tables.routes.keys.first?.base == second.addresses.first)
        #expect(first.device?.mtu == 1450)
        #expect(first.rules.contains(["nat", "POSTROUTING", "-s", "10.1.0.0/16", "-d", "10.1.0.0/16", "-j", "RETURN"]))
        #expect(one.files.subnet?.contains("FLANNEL_MTU=1450\nFLANNEL_IPMASQ=true") == true)
    }

    @Test func itWaitsForAConfigurationAndSaysSo() async throws {
        let registry = FakeRegistry()
        let machine = try Machine("10.71.3.2")
        try await running(machine.daemon(registry)) {
            try await eventually("it says what it waits for") {
                machine.notes.withLock { $0.contains { $0.contains("no configuration") } }
            }
            #expect(
                try await registry.setConfig(
                    #"{"Network": "10.1.0.0/16", "Backend": {"Type": "udp"}}"#,
                    over: registry.state()
                )
            )
            try await eventually("it says what is wrong") {
                machine.notes.withLock { $0.contains { $0.contains("\"udp\" is not there") } }
            }
            #expect(try await registry.setConfig(Self.config, over: registry.state()))
            try await eventually("it is ready") { machine.isReady }
        }
    }

    @Test func itWritesTheConfigurationThatItIsGiven() async throws {
        let registry = FakeRegistry(config: #"{"Network": "10.9.0.0/16"}"#)
        let machine = try Machine("10.71.3.2")
        let config = #"{"Network":"10.2.0.0/16","Backend":{"Type":"host-gw"}}"#
        try await running(machine.daemon(registry) { $0.config = config }) {
            try await eventually("it is ready") { machine.isReady }
        }
        #expect(registry.config == config)
        #expect(machine.files.subnet?.contains("FLANNEL_NETWORK=10.2.0.0/16") == true)
        #expect(machine.files.subnet?.contains("FLANNEL_MTU=1500") == true)
        #expect(machine.tools.state.device == nil)
    }

    @Test func aRestartChangesNothingAndARebootKeepsWhatOthersKnow() async throws {
        let registry = FakeRegistry(config: Self.config)
        let machine = try Machine("10.71.3.2")
        registry.put(try peer("10.1.9.0/24", at: "10.71.3.9", "0e:00:00:00:00:09"))
        func once() async throws {
            machine.notes.withLock { $0 = [] }
            try await running(machine.daemon(registry)) { try await eventually("it is ready") { machine.isReady } }
        }
        try await once()
        let (before, subnet) = (machine.tools.state, machine.files.subnet)
        // A peer went while it was away.
        registry.remove(try #require(CIDRv4("10.1.9.0/24")))
        try await once()
        #expect(machine.tools.state.devicesMade == 1)
        #expect(machine.tools.state.tables == ForwardingTables())
        #expect(machine.files.subnet == subnet)
        machine.tools.change { $0 = FakeKernel() }
        machine.files.files.forget()
        try await once()
        #expect(machine.tools.state.device == before.device)
        #expect(machine.tools.state.addresses == before.addresses)
        #expect(registry.leases.count == 1)
    }

    @Test func routesThatSomebodyRemovesComeBack() async throws {
        let registry = FakeRegistry(config: Self.config)
        let machine = try Machine("10.71.3.2")
        registry.put(try peer("10.1.9.0/24", at: "10.71.3.9", "0e:00:00:00:00:09"))
        try await running(machine.daemon(registry)) {
            try await eventually("there is a route") { machine.tools.state.tables.routes.count == 1 }
            try await eventually("it is ready") { machine.isReady }
            machine.tools.change { $0.tables.routes = [:] }
            machine.tellOfKernel()
            try await eventually("the route is back") { machine.tools.state.tables.routes.count == 1 }
        }
    }

    @Test func aLeaseThatIsGoneIsTakenAgainAndOneThatIsAnothersIsNot() async throws {
        let registry = FakeRegistry(config: Self.config)
        let machine = try Machine("10.71.3.2")
        let task = Task { try await machine.daemon(registry).run() }
        defer { task.cancel() }
        try await eventually("it is ready") { machine.isReady }
        let subnet = try #require(registry.leases.first?.subnet)
        registry.remove(subnet)
        try await eventually("it has it again") { registry.leases.first?.subnet == subnet }
        registry.put(try peer("\(subnet)", at: "10.71.3.9", "0e:00:00:00:00:09"))
        let error = await #expect(throws: FlannelError.self) { try await task.value }
        #expect(error?.kind == .lost)
        // It begins anew with another one.
        machine.notes.withLock { $0 = [] }
        try await running(machine.daemon(registry)) { try await eventually("it is ready") { machine.isReady } }
        #expect(registry.leases.count == 2)
        #expect(machine.tools.state.addresses.count == 1)
        #expect(machine.tools.state.addresses != [subnet.base])
    }

    @Test func aSubnetTooManyIsGivenBack() async throws {
        let registry = FakeRegistry(config: Self.config)
        let machine = try Machine("10.71.3.2")
        registry.put(try peer("10.1.7.0/24", at: "10.71.3.2", "0e:00:00:00:00:07"))
        registry.put(try peer("10.1.9.0/24", at: "10.71.3.2", "0e:00:00:00:00:07"))
        try await running(machine.daemon(registry)) {
            try await eventually("there is one") { registry.leases.map { "\($0.subnet)" } == ["10.1.7.0/24"] }
        }
        #expect(machine.tools.state.device?.hardwareAddress == "0e:00:00:00:00:07")
    }
}

extension SubnetFiles {
    /// What a reboot does to files below `/run`.
    fileprivate func forget() { try? write("/run/flannel/subnet.env", "") }
}
