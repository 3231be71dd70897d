import Foundation
import Synchronization
import Systemd
import TestKit
import Testing

/// A systemd the contract is checked against.
///
/// The fake always; a real one as well when `SLIPWAY_TEST_SYSTEMD_BUS` names its bus (`unix:path=…`, systemd's private
/// socket or a system bus) and `SLIPWAY_TEST_SYSTEMD_ROOT` the root of its file system as seen from here. The private
/// socket takes no callers from another pid namespace.
struct SystemdSubject: Sendable, CustomTestStringConvertible {
    enum Behaviour: String {
        case runs = "ExecStart=/bin/sleep infinity"
        case fails = "Type=oneshot\nExecStart=/bin/false"
        case startsForEver = "Type=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/sleep infinity"
    }

    private enum Kind {
        case fake(FakeSystemd)
        case real(SystemdBus, root: String)
    }

    private var kind: Kind
    var testDescription: String

    static let real: [SystemdSubject] = {
        let environment = ProcessInfo.processInfo.environment
        guard let address = environment["SLIPWAY_TEST_SYSTEMD_BUS"] else { return [] }
        let root = environment["SLIPWAY_TEST_SYSTEMD_ROOT"] ?? ""
        let busAddress = BusAddress(address, isBus: !address.hasSuffix("/private"))
        guard let bus = try? SystemdBus.open(busAddress) else { return [] }
        return [SystemdSubject(kind: .real(bus, root: root), testDescription: "systemd at \(address)")]
    }()

    static let all = [SystemdSubject(kind: .fake(FakeSystemd()), testDescription: "fake")] + real

    var manager: any SystemdManager {
        switch kind {
        case .fake(let fake): fake
        case .real(let bus, _): bus
        }
    }

    /// Breaks the connection, and lets it come back.
    func interrupt() async throws {
        switch kind {
        case .fake(let fake):
            fake.setConnected(false)
            fake.setConnected(true)
        case .real(let bus, _):
            try await bus.daemonReexecute()
        }
    }

    private static let names = Atomic<Int>(0)

    /// Makes a service under a name of its own for the length of the body.
    func withService(
        _ behaviour: Behaviour,
        in directory: String = "/run/systemd/system",
        _ body: (_ name: String, _ path: String) async throws -> Void,
    ) async throws {
        let number = Self.names.add(1, ordering: .relaxed).newValue
        let name = "slipway-test-\(getpid())-\(number).service"
        try await install(name, behaviour, in: directory)
        do {
            try await body(name, "\(directory)/\(name)")
        } catch {
            try await remove(name, in: directory)
            throw error
        }
        try await remove(name, in: directory)
    }

    private func install(_ name: String, _ behaviour: Behaviour, in directory: String) async throws {
        switch kind {
        case .fake(let fake):
            if directory == "/run/systemd/system" { fake.addUnitFile(name, state: "disabled") }
            if behaviour == .fails { fake.script(.start, name, .result(.failed)) }
            if behaviour == .startsForEver { fake.script(.start, name, .hang) }
        case .real(let bus, let root):
            let text = "[Service]\n\(behaviour.rawValue)\n[Install]\nWantedBy=multi-user.target\n"
            try FileManager.default.createDirectory(atPath: root + directory, withIntermediateDirectories: true)
            try text.write(toFile: "\(root)\(directory)/\(name)", atomically: true, encoding: .utf8)
            if directory == "/run/systemd/system" { try await bus.daemonReload() }
        }
    }

    private func remove(_ name: String, in directory: String) async throws {
        if try await manager.unitStatus(name) != nil { try await manager.run(.stop, name) }
        try await manager.resetFailedIfLoaded(name)
        guard case .real(let bus, let root) = kind else { return }
        if try await manager.unitFileState(name) != nil {
            try await manager.disableUnitFiles([name], runtime: true)
        }
        try FileManager.default.removeItem(atPath: "\(root)\(directory)/\(name)")
        try await bus.daemonReload()
    }
}
