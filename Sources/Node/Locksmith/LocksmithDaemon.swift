import CloudConfig
import Logging
import RebootLock

/// locksmithd: reboots the machine when something asked for it, as the reboot strategy says, and gives its place in the
/// cluster's semaphore back once the machine is healthy again.
package struct LocksmithDaemon: Sendable {
    /// Way in which the machine takes its turn.
    package let strategy: RebootStrategy
    /// Time in which it may reboot; nil for any time.
    package let window: RebootWindow?
    /// Name under which it holds the lock.
    package let machineID: String
    let lock: any RebootLocking
    let machine: any RebootingMachine
    let logger: Logger
    let pauses: Pauses

    /// Pauses before retries of what no event announces.
    package struct Pauses: Sendable {
        /// The first after a failure; each that follows is twice as long.
        package var shortest: Duration = .seconds(1)
        /// Longest pause between two attempts.
        package var longest: Duration = .seconds(60)
        /// Interval of reading the semaphore or the machine again, in case an event was lost.
        package var look: Duration = .seconds(30)
        /// The longest wait for a window at a time: the clock may be set meanwhile.
        package var clock: Duration = .seconds(600)

        package init() {}
    }

    package init(
        strategy: RebootStrategy,
        window: RebootWindow?,
        machineID: String,
        lock: any RebootLocking,
        machine: any RebootingMachine,
        logger: Logger,
        pauses: Pauses = Pauses(),
    ) {
        self.strategy = strategy
        self.window = window
        self.machineID = machineID
        self.lock = lock
        self.machine = machine
        self.logger = logger
        self.pauses = pauses
    }

    /// Waits for a request and reboots. Returns once systemd has accepted it.
    package func run() async throws {
        let locks = try await usesLock()
        logger.notice("locksmithd starting", metadata: ["strategy": "\(strategy.rawValue)"])
        if let window { logger.notice("reboots wait for their window", metadata: ["window": "\(window)"]) }
        try await awaitRequest(givingBack: locks)
        logger.notice("a reboot is asked for")
        repeat {
            try await awaitWindow()
            if locks { try await takePlace() }
        } while try await windowHasClosed(locks)
        try await machine.reboot(logger)
    }

    private func usesLock() async throws -> Bool {
        switch strategy {
        case .etcdLock: true
        case .reboot, .off: false
        case .bestEffort: try await machine.runsEtcd()
        }
    }

    /// The place that this machine's last reboot took is given back while a new request is waited for.
    private func awaitRequest(givingBack: Bool) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if givingBack { group.addTask { try await giveBack() } }
            try await machine.awaitRequest()
            group.cancelAll()
            // A task that was cancelled has nothing to report.
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
    }

    // MARK: The semaphore

    private func giveBack() async throws {
        var pause = pauses.shortest
        var said = ""
        while true {
            try Task.checkCancellation()
            let complaint: String
            if let found = await machine.complaint() {
                complaint = found
                if complaint != said { logger.info("not healthy yet", metadata: ["reason": "\(complaint)"]) }
                try await machine.change(within: pauses.look)
            } else {
                do {
                    if try await lock.release(machineID) {
                        logger.notice("gave the place in the reboot semaphore back")
                    }
                    return
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    complaint = "\(error)"
                    if complaint != said {
                        logger.warning("the reboot semaphore cannot be reached", metadata: ["error": "\(error)"])
                    }
                }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, pauses.longest)
            }
            said = complaint
        }
    }

    private func takePlace() async throws {
        var pause = pauses.shortest
        while true {
            do {
                let (taken, semaphore) = try await lock.take(machineID)
                if taken { return logger.notice("took a place in the reboot semaphore") }
                logger.notice(
                    "waiting for a place in the reboot semaphore",
                    metadata: ["holders": "\(semaphore.holders)"]
                )
                try await lock.change(from: semaphore, within: pauses.look)
                pause = pauses.shortest
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.warning("the reboot semaphore cannot be reached", metadata: ["error": "\(error)"])
                try await Task.sleep(for: pause)
                pause = min(pause * 2, pauses.longest)
            }
        }
    }

    // MARK: The window

    private func awaitWindow() async throws {
        guard let window else { return }
        var isFirst = true
        while true {
            let wait = window.wait(at: machine.secondOfWeek())
            guard wait > 0 else { return }
            if isFirst { logger.notice("waiting for the reboot window", metadata: ["opens in seconds": "\(wait)"]) }
            isFirst = false
            try await Task.sleep(for: min(.seconds(wait), pauses.clock))
        }
    }

    /// Returns whether so much time went by before there was a place that it is of no use now; it is for another
    /// machine then.
    private func windowHasClosed(_ locks: Bool) async throws -> Bool {
        guard locks, let window, window.wait(at: machine.secondOfWeek()) > 0 else { return false }
        logger.notice("the reboot window closed before there was a place")
        try await lock.release(machineID)
        return true
    }
}

/// The machine locksmithd runs on.
package protocol RebootingMachine: Sendable {
    /// Returns once somebody has asked for a reboot.
    func awaitRequest() async throws

    /// Returns true when etcd runs on the machine.
    func runsEtcd() async throws -> Bool

    /// Returns the reason why the machine does not do its work yet; nil once it does.
    func complaint() async -> String?

    /// Returns when ``complaint()`` may have another answer, or when the time is up.
    func change(within limit: Duration) async throws

    /// Seconds since Monday 00:00 by the machine's clock, in its time zone.
    func secondOfWeek() -> Int

    /// Tells who is logged in, and has systemd reboot.
    func reboot(_ logger: Logger) async throws
}
