import Systemd
import TestKit
import Testing

/// What every `SystemdManager` keeps; see ``SystemdSubject`` for which are asked. One test at a time: some of them
/// interrupt the connection.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SystemdContractTests {
    @Test(arguments: SystemdSubject.all)
    func startedServiceRunsUntilStopped(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs) { (name, _) async throws in
            #expect(try await systemd.run(.start, name) == .done)
            let status = try #require(try await systemd.unitStatus(name))
            #expect(status.loadState == "loaded" && status.activeState == "active" && status.subState == "running")
            #expect(try await systemd.mainPID(of: name) != .unsigned(0))
            #expect(try await systemd.run(.stop, name) == .done)
            #expect(try await systemd.mainPID(of: name) == .unsigned(0))
            try await eventually("systemd forgets a stopped unit") { try await systemd.unitStatus(name) == nil }
        }
    }

    @Test(arguments: SystemdSubject.all)
    func startingTwiceChangesNothing(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs) { (name, _) async throws in
            try await systemd.run(.start, name)
            #expect(try await systemd.run(.start, name) == .done)
            #expect(try await systemd.unitStatus(name)?.activeState == "active")
        }
    }

    @Test(arguments: SystemdSubject.all)
    func restartGivesAnotherProcess(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs) { (name, _) async throws in
            try await systemd.run(.start, name)
            let before = try await systemd.mainPID(of: name)
            #expect(try await systemd.run(.restart, name) == .done)
            #expect(try await systemd.mainPID(of: name) != before)
        }
    }

    @Test(arguments: SystemdSubject.all)
    func failedJobIsAnAnswerAndTheFailureCanBeForgotten(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.fails) { (name, _) async throws in
            #expect(try await systemd.run(.start, name) == .failed)
            #expect(try await systemd.unitStatus(name)?.activeState == "failed")
            try await systemd.resetFailed(name)
            try await eventually("the failure is forgotten") {
                try await systemd.unitStatus(name)?.activeState != "failed"
            }
        }
    }

    @Test(arguments: SystemdSubject.all)
    func unknownUnitIsRecognisable(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        let name = "slipway-no-such.service"
        await expectNoSuchUnit(name) { _ = try await systemd.run(.start, name) }
        await expectNoSuchUnit(name) { _ = try await systemd.run(.stop, name) }
        await expectNoSuchUnit(name) { try await systemd.resetFailed(name) }
        await expectNoSuchUnit(name) { try await systemd.enqueue(.start, name) }
        await expectNoSuchUnit(name) { _ = try await systemd.disableUnitFiles([name], runtime: true) }
        await expectNoSuchUnit(name) { _ = try await systemd.enableUnitFiles([name], runtime: true, force: true) }
        try await systemd.resetFailedIfLoaded(name)
        #expect(try await systemd.unitStatus(name) == nil)
        #expect(try await systemd.unitFileState(name) == nil)
        #expect(try await systemd.mainPID(of: name) == .unsigned(0))
    }

    @Test(arguments: SystemdSubject.all)
    func jobThatDoesNotEndMeetsTheDeadline(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.startsForEver) { (name, _) async throws in
            let error = await #expect(throws: SystemdError.self) {
                try await systemd.run(.start, name, mode: .replace, within: .milliseconds(50))
            }
            #expect(error?.code == .deadline)
            #expect(try await systemd.unitStatus(name)?.activeState == "activating")
            #expect(try await systemd.unitStatus(name)?.job == "start")
        }
    }

    @Test(arguments: SystemdSubject.all)
    func stopCancelsTheStartUnderWay(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.startsForEver) { (name, _) async throws in
            async let start = systemd.run(.start, name)
            try await eventually("the start has begun") {
                try await systemd.unitStatus(name)?.activeState == "activating"
            }
            #expect(try await systemd.run(.stop, name) == .done)
            #expect(try await start == .canceled)
        }
    }

    @Test(arguments: SystemdSubject.all)
    func enqueueDoesNotWait(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.startsForEver) { (name, _) async throws in
            try await systemd.enqueue(.start, name)
            try await eventually("the start has begun") {
                try await systemd.unitStatus(name)?.activeState == "activating"
            }
        }
    }

    @Test(arguments: SystemdSubject.all)
    func linkedUnitCanBeStartedAndUnlinked(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs, in: "/run/slipway-test-units") { (name, path) async throws in
            let changes = try await systemd.linkUnitFiles([path], runtime: true, force: true)
            #expect(changes.map(\.kind) == ["symlink"])
            #expect(changes.first?.path == "/run/systemd/system/\(name)")
            // It is new to systemd, which reads its file without being told to read all anew.
            #expect(try await systemd.unitFileState(name) == "linked-runtime")
            #expect(try await systemd.run(.start, name) == .done)
            #expect(try await systemd.run(.stop, name) == .done)
            try await systemd.disableUnitFiles([name], runtime: true)
            try await systemd.daemonReload()
            #expect(try await systemd.unitFileState(name) == nil)
        }
    }

    @Test(arguments: SystemdSubject.all)
    func enabledUnitSaysSo(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs) { (name, _) async throws in
            #expect(try await systemd.unitFileState(name) == "disabled")
            try await systemd.enableUnitFiles([name], runtime: true, force: true)
            #expect(try await systemd.unitFileState(name) == "enabled-runtime")
            try await systemd.disableUnitFiles([name], runtime: true)
            #expect(try await systemd.unitFileState(name) == "disabled")
        }
    }

    @Test(arguments: SystemdSubject.all)
    func maskedUnitIsRefused(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs, in: "/run/slipway-test-units") { (name, path) async throws in
            try await systemd.maskUnitFiles([name], runtime: true, force: true)
            try await systemd.daemonReload()
            #expect(try await systemd.unitFileState(name) == "masked-runtime")
            let error = await #expect(throws: SystemdError.self) { try await systemd.run(.start, name) }
            #expect(error?.dbusName == SystemdError.unitMasked)
            try await systemd.unmaskUnitFiles([name], runtime: true)
            try await systemd.daemonReload()
            #expect(try await systemd.unitFileState(name) == nil)
        }
    }

    @Test(arguments: SystemdSubject.all)
    func unitsAreListedByPattern(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs) { (name, _) async throws in
            try await systemd.run(.start, name)
            let pattern = name.replacing(".service", with: ".ser*")
            #expect(try await systemd.listUnits(matching: [pattern]).map(\.name) == [name])
            #expect(try await systemd.listUnits().contains { $0.name == name })
        }
    }

    @Test(arguments: SystemdSubject.all)
    func listenerHearsOfEveryUnit(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs) { (name, _) async throws in
            var changes = systemd.unitStateChanges().makeAsyncIterator()
            #expect(await changes.next() == .resync)
            try await systemd.run(.start, name)
            try await next(&changes) { $0.status(of: name)?.activeState == "active" }
            try await systemd.run(.stop, name)
            try await next(&changes) { $0 == .unloaded(name) }
        }
    }

    @Test(arguments: SystemdSubject.all)
    func manyJobsAtOnceEachGetTheirAnswer(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs) { (good, _) async throws in
            try await subject.withService(.fails) { (bad, _) async throws in
                try await withThrowingTaskGroup(of: (String, JobResult).self) { group in
                    for index in 0..<40 {
                        let name = index.isMultiple(of: 2) ? good : bad
                        group.addTask { (name, try await systemd.run(.start, name)) }
                    }
                    for try await (name, result) in group {
                        #expect(result == (name == good ? .done : .failed))
                    }
                }
            }
        }
    }

    @Test(arguments: SystemdSubject.all)
    func listenerIsToldWhenItMayHaveMissedSomething(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        var changes = systemd.unitStateChanges().makeAsyncIterator()
        #expect(await changes.next() == .resync)
        try await subject.interrupt()
        try await next(&changes) { $0 == .resync }
        #expect(try await systemd.unitStatus("slipway-no-such.service") == nil)
    }

    @Test(arguments: SystemdSubject.all)
    func unknownPropertyIsRefused(_ subject: SystemdSubject) async throws {
        let systemd = subject.manager
        try await subject.withService(.runs) { (name, _) async throws in
            let error = await #expect(throws: SystemdError.self) {
                try await systemd.unitProperty("NoSuchThing", interface: "Unit", of: name)
            }
            #expect(error?.dbusName == "org.freedesktop.DBus.Error.UnknownProperty")
            #expect(try await systemd.unitProperty("Id", interface: "Unit", of: name) == .string(name))
        }
    }
}

private func expectNoSuchUnit(
    _ name: String,
    _ call: () async throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation,
) async {
    let error = await #expect(throws: SystemdError.self, sourceLocation: sourceLocation) { try await call() }
    #expect(
        error?.isUnitNotLoaded == true,
        "\(error.map(String.init(describing:)) ?? "")",
        sourceLocation: sourceLocation,
    )
    #expect(error?.code == .refused, sourceLocation: sourceLocation)
    #expect(error?.message.contains(name) == true, sourceLocation: sourceLocation)
}

/// Waits for the change, which other units' changes may precede.
private func next(
    _ changes: inout AsyncStream<UnitChange>.Iterator,
    where isWanted: (UnitChange) -> Bool,
) async throws {
    while let change = await changes.next() {
        if isWanted(change) { return }
    }
    throw NeverHappened(what: "a change of the unit", limit: .zero)
}

extension UnitChange {
    fileprivate func status(of unit: String) -> UnitStatus? {
        guard case .status(let status) = self, status.name == unit else { return nil }
        return status
    }
}

extension SystemdManager {
    /// The PID of a service's main process; 0 when none runs.
    fileprivate func mainPID(of unit: String) async throws(SystemdError) -> PropertyValue {
        try await unitProperty("MainPID", interface: "Service", of: unit)
    }
}
