import CloudConfig
import CloudInit
import Systemd
import TestKit
import Testing

@Suite struct SetupExecutorTests {
    private let dropIn = Effect.writeUnit(path: "/run/systemd/system/a.service.d/1.conf", content: "[Unit]\n")

    private func reloads(_ machine: TestMachine) -> Int {
        machine.systemd.calls.filter { $0 == .daemonReload }.count
    }

    private func perform(_ effects: [Effect], on machine: TestMachine) async throws {
        var executor = SetupExecutor(machine.machine)
        try await executor.perform(effects)
    }

    @Test(arguments: [true, false])
    func systemdReloadsOnlyWhatItHoldsInAnOlderVersion(isStale: Bool) async throws {
        let machine = try TestMachine()
        machine.systemd.setProperty(
            "DropInPaths",
            of: "a.service",
            .strings(["/run/systemd/system/a.service.d/1.conf"])
        )
        machine.systemd.setProperty("NeedDaemonReload", of: "a.service", .bool(isStale))
        try await perform([dropIn, .reloadSystemd], on: machine)
        #expect(reloads(machine) == (isStale ? 1 : 0))
        try await perform([dropIn, .reloadSystemd], on: machine)
        #expect(reloads(machine) == (isStale ? 1 : 0))
    }

    /// systemd says that no reload is needed while it does not know the drop-in's directory.
    @Test(arguments: [
        ("a.service.d", 1), ("service.d", 1), ("a-.service.d", 1), ("a@.service.d", 1), ("b@.service.d", 0),
    ])
    func aDropInThatSystemdDoesNotKnowIsRead(directory: String, count: Int) async throws {
        let machine = try TestMachine()
        machine.systemd.setProperty("NeedDaemonReload", of: "a.service", .bool(false))
        machine.systemd.setState("a@1.service", active: "active", sub: "running")
        let dropIn = Effect.writeUnit(path: "/etc/systemd/system/\(directory)/10-new.conf", content: "[Service]\n")
        try await perform([dropIn, .reloadSystemd], on: machine)
        #expect(reloads(machine) == count)
    }

    @Test func aUnitThatComesFromElsewhereIsReadAgain() async throws {
        let machine = try TestMachine()
        machine.systemd.setProperty("FragmentPath", of: "a.service", .string("/usr/lib/systemd/system/a.service"))
        let unit = Effect.writeUnit(path: "/etc/systemd/system/a.service", content: "[Service]\n")
        try await perform([unit, .reloadSystemd], on: machine)
        #expect(reloads(machine) == 1)
    }

    @Test func aMaskOfWhatIsLoadedIsReadAgain() async throws {
        let machine = try TestMachine()
        machine.systemd.addUnitFile("a.service")
        try await perform([.mask(path: "/run/systemd/system/a.service"), .reloadSystemd], on: machine)
        #expect(reloads(machine) == 1)
        machine.systemd.setState("b.service", active: "inactive", sub: "dead", load: "masked")
        try await perform([.mask(path: "/run/systemd/system/b.service"), .reloadSystemd], on: machine)
        #expect(reloads(machine) == 1)
    }

    @Test func aRunThatWasCutOffBeforeTheReloadIsMadeGood() async throws {
        let machine = try TestMachine()
        try await perform([dropIn], on: machine)
        try await perform([dropIn, .reloadSystemd], on: machine)
        #expect(reloads(machine) == 1)
        try await perform([dropIn, .reloadSystemd], on: machine)
        #expect(reloads(machine) == 1)
    }

    @Test(
        arguments: [
            ("active", nil, true, true), ("active", nil, false, false), ("inactive", "start", true, false),
            ("inactive", nil, false, true), ("failed", nil, false, true),
        ] as [(String, String?, Bool, Bool)]
    )
    func networkdRestartsWhenItHasTo(state: String, job: String?, isChanged: Bool, restarts: Bool) async throws {
        let machine = try TestMachine()
        let networkd = "systemd-networkd.service"
        machine.systemd.addUnitFile(networkd)
        machine.systemd.setState(networkd, active: state, sub: "x", job: job)
        let file = Effect.writeNetworkUnit(path: "/etc/systemd/network/1.network", content: "[Match]\n")
        try await perform(isChanged ? [file, .restartNetworkd] : [.restartNetworkd], on: machine)
        #expect(machine.systemd.calls == (restarts ? [.job(.restart, networkd)] : []))
    }

    @Test func ownersAreFoundInTheMachinesOwnFiles() async throws {
        let machine = try TestMachine()
        try machine.write("/etc/passwd", "core:x:500:501::/home/core:/bin/bash\n")
        try machine.write("/etc/group", "docker:x:102:core\n")
        var real = machine.machine
        real.setsOwners = true
        var executor = SetupExecutor(real)
        let bad = Effect.writeFile(path: "/a", content: [], owner: "nobody-here", mode: 0o600)
        await #expect(throws: NodeSetupError.self) { try await executor.perform([bad]) }
        #expect(machine.mode("/a") == nil)
    }

    @Test func aFileThatCannotBeWrittenLeavesNothingBehind() async throws {
        let machine = try TestMachine()
        try machine.write("/dir/kept", "")
        let bad = Effect.writeFile(path: "/dir", content: [1], owner: nil, mode: 0o600)
        await #expect(throws: NodeSetupError.self) { try await perform([bad], on: machine) }
        #expect(machine.names(in: "/") == ["dir"])
    }
}
