import ArgumentParser
import Basics
import Logging
import NodeBoot
import Systemd

/// Says of an image on trial that the node is well on it, or what keeps it from that. What watches the time is
/// slipway-node-init: a root that hangs has no services.
package struct BootCheck: Sendable {
    /// Time that the node has to be well without a break.
    package var steady: Duration = .seconds(3)
    /// Interval of looking again, in case an event was lost.
    package var look: Duration = .seconds(1)

    let directory: BootDirectory
    let machine: any RebootingMachine
    let systemd: any SystemdManager
    let logger: Logger

    package init(
        directory: BootDirectory = BootDirectory(),
        machine: any RebootingMachine,
        systemd: any SystemdManager,
        logger: Logger,
    ) {
        self.directory = directory
        self.machine = machine
        self.systemd = systemd
        self.logger = logger
    }

    /// Returns once the node is well, or at once where its image is on no trial.
    package func run() async throws {
        guard directory.record?.isOnTrial == true else { return }
        logger.notice("this node is on trial with its image")
        var said: String?
        var wellSince: ContinuousClock.Instant?
        while true {
            try Task.checkCancellation()
            let complaint = try await complaint()
            if complaint != said {
                if let complaint { logger.notice("not well yet", metadata: ["reason": "\(complaint)"]) }
                try directory.complain(complaint)
                said = complaint
            }
            let now = ContinuousClock.now
            wellSince = complaint == nil ? wellSince ?? now : nil
            if let wellSince, now - wellSince >= steady { break }
            let limit = wellSince.map { steady - (now - $0) } ?? look
            try await machine.change(within: min(limit, look))
        }
        guard var record = directory.record else { return }
        record.succeed()
        try directory.write(record)
        try directory.mark(isOnTrial: false)
        logger.notice("this node is well with its image, and keeps it")
    }

    /// What keeps the node from doing what it did before; nil for nothing.
    private func complaint() async throws -> String? {
        if let complaint = await machine.complaint() { return complaint }
        let units: [UnitStatus]
        do {
            units = try await systemd.listUnits()
        } catch {
            return "systemd does not answer: \(error)"
        }
        let setup = units.first { $0.name == "coreos-cloudinit.service" }
        if let setup, setup.activeState != "active" { return "its cloud-config is not applied" }
        let before = directory.unitsBefore
        let broken = units.filter { unit in
            before.contains(unit.name) && (unit.activeState == "failed" || unit.subState == "auto-restart")
        }
        return broken.map(\.name).min().map { "\($0) ran before and has failed" }
    }
}

/// `boot-check`, as its unit starts it.
struct BootCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot-check",
        abstract: "Say of this node's image, where it is on trial, that the node is well on it.",
        version: "boot-check version \(LocksmithMain.version)",
    )

    func run() async throws {
        let systemd = try SystemdBus.open()
        let check = BootCheck(
            machine: SystemMachine(systemd: systemd, machineID: try LocksmithMain.machineID(), judgesImage: true),
            systemd: systemd,
            logger: Logger(label: "boot-check", factory: { StreamLogHandler.standardError(label: $0) }),
        )
        try await check.run()
    }
}
