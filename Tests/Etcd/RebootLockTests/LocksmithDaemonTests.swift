import Basics
import CloudConfig
import Foundation
import Logging
import NodeBoot
import RebootLock
import Synchronization
import Systemd
import TestKit
import Testing

@testable import Locksmith

/// A machine that does what the test says.
private final class FakeMachine: RebootingMachine {
    private struct State {
        var complaint: String?
        var second = 0
        var reboots = 0
        var hasEtcd = true
    }

    private let state = Mutex(State())
    private let requests = AsyncStream.makeStream(of: Void.self)
    private let changes = AsyncStream.makeStream(of: Void.self)

    init(complaint: String? = nil) { state.withLock { $0.complaint = complaint } }

    var reboots: Int { state.withLock { $0.reboots } }
    func request() { requests.continuation.yield() }
    func setSecond(_ second: Int) { state.withLock { $0.second = second } }
    func setEtcd(_ has: Bool) { state.withLock { $0.hasEtcd = has } }
    func recover() {
        state.withLock { $0.complaint = nil }
        changes.continuation.yield()
    }

    func awaitRequest() async throws {
        for await _ in requests.stream { return }
        throw CancellationError()
    }
    func runsEtcd() async throws -> Bool { state.withLock { $0.hasEtcd } }
    func complaint() async -> String? { state.withLock { $0.complaint } }
    func change(within limit: Duration) async throws {
        for await _ in changes.stream { return }
        throw CancellationError()
    }
    func secondOfWeek() -> Int { state.withLock { $0.second } }
    func reboot(_ logger: Logger) async throws { state.withLock { $0.reboots += 1 } }
}

@Suite struct LocksmithDaemonTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func daemon(
        _ machine: FakeMachine,
        _ lock: FakeRebootLock,
        id: String = "one",
        strategy: RebootStrategy = .etcdLock,
        window: RebootWindow? = nil,
    ) -> LocksmithDaemon {
        var pauses = LocksmithDaemon.Pauses()
        pauses.shortest = .milliseconds(5)
        pauses.clock = .milliseconds(5)
        return LocksmithDaemon(
            strategy: strategy,
            window: window,
            machineID: id,
            lock: lock,
            machine: machine,
            logger: quiet,
            pauses: pauses,
        )
    }

    /// Runs the daemon beside the body, and stops it after.
    private func running(_ daemon: LocksmithDaemon, _ body: () async throws -> Void) async throws {
        let task = Task { try await daemon.run() }
        defer { task.cancel() }
        try await body()
    }

    @Test func rebootsWithAPlaceAndNotWithout() async throws {
        let (machine, lock) = (FakeMachine(), FakeRebootLock())
        _ = try await lock.take("another")
        try await running(daemon(machine, lock)) {
            machine.request()
            try await Task.sleep(for: .milliseconds(50))
            #expect(machine.reboots == 0)
            try await lock.release("another")
            try await eventually("it reboots") { machine.reboots == 1 }
            #expect(lock.holders == ["one"])
        }
    }

    @Test func givesItsPlaceBackOnlyWhenHealthy() async throws {
        let (machine, lock) = (FakeMachine(complaint: "etcd2.service is activating"), FakeRebootLock())
        _ = try await lock.take("one")
        try await running(daemon(machine, lock)) {
            try await Task.sleep(for: .milliseconds(50))
            #expect(lock.holders == ["one"])
            lock.setAway(true)
            machine.recover()
            try await Task.sleep(for: .milliseconds(30))
            #expect(lock.holders == ["one"])
            lock.setAway(false)
            try await eventually("the place is free") { lock.holders.isEmpty }
            #expect(machine.reboots == 0)
        }
    }

    @Test(arguments: [1, 2])
    func neverMoreThanTheMaximumAreAway(places: Int) async throws {
        let lock = FakeRebootLock(max: places)
        let machines = (0..<5).map { _ in FakeMachine() }
        let daemons = machines.enumerated().map { daemon($1, lock, id: "m\($0)") }
        for machine in machines { machine.request() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, daemon) in daemons.enumerated() {
                group.addTask {
                    try await daemon.run()
                    // It is up again, and healthy.
                    try await lock.release("m\(index)")
                }
            }
            try await group.waitForAll()
        }
        #expect(machines.map(\.reboots) == [1, 1, 1, 1, 1])
        #expect(lock.most <= places)
    }

    @Test func otherStrategiesAskNobody() async throws {
        for (strategy, hasEtcd) in [(RebootStrategy.reboot, true), (.bestEffort, false)] {
            let (machine, lock) = (FakeMachine(), FakeRebootLock())
            machine.setEtcd(hasEtcd)
            _ = try await lock.take("another")
            machine.request()
            try await daemon(machine, lock, strategy: strategy).run()
            #expect(machine.reboots == 1)
            #expect(lock.holders == ["another"])
        }
    }

    @Test func bestEffortLocksWhereEtcdRuns() async throws {
        let (machine, lock) = (FakeMachine(), FakeRebootLock())
        machine.request()
        try await daemon(machine, lock, strategy: .bestEffort).run()
        #expect(lock.holders == ["one"])
    }

    @Test func waitsForItsWindow() async throws {
        let (machine, lock) = (FakeMachine(), FakeRebootLock())
        let window = try #require(RebootWindow(start: "Tue 04:00", length: "1h"))
        machine.setSecond(3600)
        try await running(daemon(machine, lock, window: window)) {
            machine.request()
            try await Task.sleep(for: .milliseconds(50))
            #expect(machine.reboots == 0)
            #expect(lock.holders.isEmpty)
            machine.setSecond(86_400 + 4 * 3600)
            try await eventually("it reboots in its window") { machine.reboots == 1 }
        }
    }

    @Test func aPlaceThatComesTooLateIsForAnother() async throws {
        let (machine, lock) = (FakeMachine(), FakeRebootLock())
        let window = try #require(RebootWindow(start: "04:00", length: "1h"))
        machine.setSecond(4 * 3600)
        _ = try await lock.take("another")
        try await running(daemon(machine, lock, window: window)) {
            machine.request()
            try await Task.sleep(for: .milliseconds(30))
            machine.setSecond(5 * 3600)
            try await lock.release("another")
            try await Task.sleep(for: .milliseconds(50))
            #expect(lock.holders.isEmpty)
            #expect(machine.reboots == 0)
            machine.setSecond(4 * 3600 + 60)
            try await eventually("it reboots the next day") { machine.reboots == 1 }
        }
    }

    @Test func theWindowComesFromTheEnvironment() throws {
        #expect(try LocksmithdCommand.window([:]) == nil)
        #expect(try LocksmithdCommand.window(["REBOOT_WINDOW_START": "", "REBOOT_WINDOW_LENGTH": ""]) == nil)
        let old = ["REBOOT_WINDOW_START": "thu 4:0", "REBOOT_WINDOW_LENGTH": "90m"]
        #expect(try LocksmithdCommand.window(old)?.description == "Thu 04:00 for 1h30m")
        let both = old.merging(["LOCKSMITHD_REBOOT_WINDOW_START": "14:00"]) { first, _ in first }
        #expect(try LocksmithdCommand.window(both)?.description == "every day 14:00 for 1h30m")
        for broken in [
            ["REBOOT_WINDOW_START": "14:00"], ["REBOOT_WINDOW_LENGTH": "1h"],
            ["REBOOT_WINDOW_START": "25:00", "REBOOT_WINDOW_LENGTH": "1h"],
            ["REBOOT_WINDOW_START": "14:00", "REBOOT_WINDOW_LENGTH": "0s"],
        ] {
            #expect(throws: LocksmithError.self) { try LocksmithdCommand.window(broken) }
        }
    }
}

@Suite struct SystemMachineTests {
    @Test func isHealthyOnceSystemdAndEtcdAre() async throws {
        let systemd = FakeSystemd()
        let machine = SystemMachine(systemd: systemd, machineID: "one", fleetSocket: "/nonexistent/fleet.sock")
        #expect(await machine.complaint() == "systemd has not started everything yet")
        systemd.setState("multi-user.target", active: "active", sub: "active")
        systemd.setState("etcd2.service", active: "activating", sub: "start")
        #expect(await machine.complaint() == "etcd2.service is activating")
        #expect(try await machine.runsEtcd())
        systemd.setState("etcd2.service", active: "active", sub: "running")
        #expect(await machine.complaint() == nil)
        systemd.setState("fleet.service", active: "active", sub: "running")
        #expect(await machine.complaint() != nil, "fleet does not answer")
    }

    /// Its place in the semaphore is kept until it is known that it stays: no other should take the same image before.
    @Test func aMachineOnTrialIsNotHealthyBeforeItSaysSo() async throws {
        try await TemporaryDirectory.with { path in
            let systemd = FakeSystemd()
            systemd.setState("multi-user.target", active: "active", sub: "active")
            let boot = BootDirectory(path)
            let image = try #require(BootImage(root: "new", layer: "l"))
            var record = BootRecord([.init(image, trial: .init(within: 60))])
            _ = record.boot(at: 1)
            try boot.write(record)
            let (waits, judges) = (
                SystemMachine(systemd: systemd, machineID: "one", boot: boot),
                SystemMachine(systemd: systemd, machineID: "one", boot: boot, judgesImage: true)
            )
            #expect(await waits.complaint() == "its image is still on trial")
            #expect(await judges.complaint() == nil)
            record.succeed()
            try boot.write(record)
            #expect(await waits.complaint() == nil)
        }
    }

    /// A package asks for a reboot, or a newer image that is staged.
    @Test(arguments: ["reboot-required", "boot/staged"])
    func aStagedImageIsARequest(file: String) async throws {
        try await TemporaryDirectory.with { path in
            try FileManager.default.createDirectory(atPath: "\(path)/boot", withIntermediateDirectories: true)
            let systemd = FakeSystemd()
            systemd.addUnitFile("reboot.target")
            systemd.setState("web.service", active: "active", sub: "running")
            systemd.setState("old.service", active: "failed", sub: "failed")
            let boot = BootDirectory("\(path)/boot")
            let machine = SystemMachine(
                systemd: systemd,
                machineID: "one",
                boot: boot,
                requestPath: "\(path)/reboot-required",
            )
            let seen = Counter()
            let task = Task {
                try await machine.awaitRequest()
                seen.enter()
            }
            try Data().write(to: URL(filePath: "\(path)/boot/state"))
            try await Task.sleep(for: .milliseconds(30))
            #expect(seen.most == 0)
            let image = try #require(BootImage(root: "new", layer: "l"))
            let text = BootRecord.Entry(image, trial: .init(within: 60)).line
            try Data(text.utf8).write(to: URL(filePath: "\(path)/\(file)"), options: .atomic)
            try await task.value
            try await machine.reboot(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(boot.unitsBefore == (file == "boot/staged" ? ["web.service"] : []))
        }
    }

    @Test func aRequestIsAFileThatAppears() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path(of: "reboot-required")
        let seen = Counter()
        let task = Task {
            try await FileWatch(path).appearance()
            seen.enter()
        }
        try directory.write("", to: "another")
        try await Task.sleep(for: .milliseconds(30))
        #expect(seen.most == 0)
        try Data().write(to: URL(filePath: path), options: .atomic)
        try await task.value
        // It is there already.
        try await FileWatch(path).appearance()
        await #expect(throws: (any Error).self) { try await FileWatch("/nonexistent/file").appearance() }
    }
}
