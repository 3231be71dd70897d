import Foundation
import Logging
import NodeBoot
import Synchronization
import TestKit
import Testing

@testable import Locksmith

/// A machine that is as well as the test says.
private final class Patient: RebootingMachine {
    private let word: Mutex<String?>
    init(_ complaint: String?) { word = Mutex(complaint) }
    func say(_ complaint: String?) { word.withLock { $0 = complaint } }

    func awaitRequest() async throws {}
    func runsEtcd() async throws -> Bool { true }
    func complaint() async -> String? { word.withLock { $0 } }
    func change(within limit: Duration) async throws { try await Task.sleep(for: min(limit, .milliseconds(5))) }
    func secondOfWeek() -> Int { 0 }
    func reboot(_ logger: Logger) async throws {}
}

/// A node's own word that it is well with an image.
@Suite(.timeLimit(.minutes(5)))
struct BootCheckTests {
    private let systemd = FakeSystemd()

    private func with(
        _ complaint: String? = nil,
        _ body: (BootCheck, BootDirectory, Patient) async throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) async throws {
        try await TemporaryDirectory.with { path in
            let directory = BootDirectory(path)
            let old = try #require(BootImage(root: "old", layer: "l"), sourceLocation: sourceLocation)
            let new = try #require(BootImage(root: "new", layer: "l"), sourceLocation: sourceLocation)
            var record = BootRecord([.init(new, trial: .init(within: 60)), .init(old)])
            _ = record.boot(at: 1)
            try directory.write(record)
            try directory.mark(isOnTrial: true)
            let patient = Patient(complaint)
            var check = BootCheck(
                directory: directory,
                machine: patient,
                systemd: systemd,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            )
            check.steady = .milliseconds(40)
            try await body(check, directory, patient)
        }
    }

    @Test func aNodeThatIsWellKeepsItsImage() async throws {
        try await with { check, directory, _ in
            systemd.setState("coreos-cloudinit.service", active: "active", sub: "exited")
            try await check.run()
            #expect(directory.record?.isOnTrial == false)
            #expect(directory.record?.entries.map(\.image.root) == ["new"])
            #expect(!FileManager.default.fileExists(atPath: directory.file(BootDirectory.trialName)))
            // On no trial, there is nothing to say.
            let record = directory.record
            try await check.run()
            #expect(directory.record == record)
        }
    }

    @Test func whatKeepsItFromBeingWellIsSaid() async throws {
        try await with("etcd2.service is failed") { check, directory, patient in
            async let ran: Void = check.run()
            try await eventually("it complains") { directory.complaint == "etcd2.service is failed" }
            #expect(directory.record?.isOnTrial == true)
            systemd.setState("coreos-cloudinit.service", active: "failed", sub: "failed")
            patient.say(nil)
            try await eventually("it complains") { directory.complaint == "its cloud-config is not applied" }
            systemd.setState("coreos-cloudinit.service", active: "active", sub: "exited")
            try await ran
            #expect(directory.complaint == nil)
            #expect(directory.record?.isOnTrial == false)
        }
    }

    /// A unit that failed before is nobody's fault; one that ran is the image's.
    @Test func unitsThatRanBeforeHaveToRun() async throws {
        try await with { check, directory, _ in
            try Data("probe.service active running\nold.service failed failed\n".utf8)
                .write(to: URL(filePath: directory.file(BootDirectory.unitsName)))
            systemd.setState("old.service", active: "failed", sub: "failed")
            systemd.setState("probe.service", active: "activating", sub: "auto-restart")
            async let ran: Void = check.run()
            try await eventually("it complains") { directory.complaint == "probe.service ran before and has failed" }
            systemd.setState("probe.service", active: "active", sub: "running")
            try await ran
            #expect(directory.record?.isOnTrial == false)
            try directory.keep(units: ["b.service", "a.service"])
            #expect(directory.unitsBefore == ["a.service", "b.service"])
        }
    }
}
