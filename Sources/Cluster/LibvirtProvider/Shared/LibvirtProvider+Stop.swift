import Libvirt
import Logging
import Planning
import Provisioning
import TopologyModel

extension LibvirtProvider {
    /// How long a container whose process 1 was killed may take to be gone before libvirt is asked to end it. Mostly
    /// it takes 0.3 s; at times libvirt does not see it, and a destroy then is done at once.
    private static let killPatience = Duration.seconds(1)
    /// How long libvirt may take to end a domain by force, beyond its call.
    private static let destroyPatience = Duration.seconds(10)
    /// How often a domain's state is asked for, in case its event is lost.
    private static let pollInterval = Duration.milliseconds(250)
    /// How often the wish to stop is repeated: the kernel drops it while systemd is not far enough to listen.
    private static let askInterval = Duration.seconds(1)

    /// The number of wishes to stop in a row that reach nothing, after which a container that libvirt calls active has
    /// ended: at times libvirt does not notice that the supervisor has.
    private static let missesOfTheStopped = 3

    /// How often a machine's power button is pressed again: systemd in it may not have been listening.
    private static let buttonInterval = Duration.seconds(5)

    package func stop(_ node: NodeReference, deadline: Duration) async throws -> StopOutcome {
        let runtime = try await runtime(of: node)
        try await refuseForeign(node, runtime)
        guard let state = try await activeState(of: node, runtime) else { return .shutDown }
        // What is paused hears no wish.
        let isPaused = state == .paused || state == .suspendedByGuest
        let interval = runtime == .vm ? Self.buttonInterval : Self.askInterval
        let limit = isPaused ? .zero : deadline
        let end = try await waitForStop(of: node, runtime, within: limit, repeatingEvery: interval) {
            switch runtime {
            // systemd takes SIGTERM as process 1 for a wish to be started anew; SIGRTMIN+3 is halt.target.
            case .container: return try await self.signal(.realTime(3), node)
            case .vm:
                try await self.shutDown(node)
                return true
            }
        }
        if end == .stopped { return .shutDown }
        try await powerOff(node)
        return end == .unreachable ? .shutDown : .powerCut
    }

    package func powerOff(_ node: NodeReference) async throws {
        let runtime = try await runtime(of: node)
        try await refuseForeign(node, runtime)
        guard try await isActive(node, runtime) else { return }
        if runtime == .container, try await killed(node) { return }
        let isDestroyed = try await waitForStop(of: node, runtime, within: Self.destroyPatience) {
            try await self.destroy(node, runtime)
            return true
        }
        guard isDestroyed == .stopped else {
            throw ProviderError(.failed, "\(node.domainName) still runs \(Self.destroyPatience) after it was destroyed")
        }
    }

    /// Ends a container by its process 1.
    private func killed(_ node: NodeReference) async throws -> Bool {
        // The kernel kills all of a container with its process 1, in milliseconds. libvirt's own way is to ask the
        // processes to end for 1.6 s first, which systemd does not.
        try await waitForStop(of: node, .container, within: Self.killPatience) {
            try await self.signal(.kill, node)
        } == .stopped
    }

    /// Asks a machine to shut down: by its guest agent where it answers, and otherwise by the power button.
    private func shutDown(_ node: NodeReference) async throws {
        try await run(on: .vm) { connection throws(LibvirtError) in
            _ = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.askToShutDown()
            }
        }
    }

    package func stoppedDomains() async -> AsyncStream<String> {
        do {
            var sources: [AsyncStream<DomainEvent>] = []
            for runtime in try await presentRuntimes() {
                // One driver for both tells everything once.
                if !sources.isEmpty, self[.vm] === self[.container] { continue }
                sources.append(try await self[runtime].domainEvents())
            }
            let (stream, continuation) = AsyncStream.makeStream(of: String.self)
            let relays = sources.map { events in
                Task {
                    for await event in events where event.kind == .stopped { continuation.yield(event.domain) }
                    // Half the news would look like all of it.
                    continuation.finish()
                }
            }
            continuation.onTermination = { _ in for relay in relays { relay.cancel() } }
            return stream
        } catch {
            logger.warning("cannot learn when nodes stop", metadata: ["error": "\(error)"])
            return AsyncStream { $0.finish() }
        }
    }

    /// Sends process 1 a signal; the caller waits for its effect. A kill that does not reach it is done by force.
    ///
    /// - Returns: false when process 1 was not found, neither below the supervisor nor by libvirt.
    private func signal(_ signal: DomainSignal, _ node: NodeReference) async throws -> Bool {
        // libvirt's driver for tests takes signals and does nothing.
        if try await driver() == .test {
            try await destroy(node, .container)
            return true
        }
        let supervisorPID = try await run(on: .container) { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in domain.id } ?? nil
        }
        guard let supervisorPID else { return true }
        // Through the supervisor, because libvirt 9.0 at times does not learn of a container's first process, or takes
        // that of an earlier start for it.
        let process = ContainerProcess(supervisorPID: supervisorPID, domain: node.domainName)
        switch try await offPool({ process.signal(signal.number) }) {
        case .sent: return true
        case .ended:
            // libvirt at times does not see that a container has ended.
            try await destroy(node, .container)
            return true
        case .unknown: break
        }
        let isSent = try await run(on: .container) { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.signal(signal)
            }
        }
        if isSent == false, signal == .kill { try await destroy(node, .container) }
        return isSent != false
    }

    private func destroy(_ node: NodeReference, _ runtime: Runtime) async throws {
        try await run(on: runtime) { connection throws(LibvirtError) in
            _ = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.destroyIfActive()
            }
        }
    }

    /// The end of a wait for a domain to stop.
    private enum StopWait: Sendable {
        case stopped
        /// The domain counts as active, and nothing in it can be reached any more.
        case unreachable
        case timedOut
    }

    /// Acts so that a domain stops, and waits until it has.
    ///
    /// - Parameter act: returns whether the domain was reached.
    private func waitForStop(
        of node: NodeReference,
        _ runtime: Runtime,
        within limit: Duration,
        repeatingEvery interval: Duration? = nil,
        _ act: @escaping @Sendable () async throws -> Bool
    ) async throws -> StopWait {
        let events: AsyncStream<DomainEvent>
        do {
            // Before the act, so that the event cannot be missed.
            events = try await self[runtime].domainEvents()
        } catch {
            throw ProviderError(error)
        }
        let isReached = try await act()
        return try await withThrowingTaskGroup(of: StopWait?.self) { group in
            group.addTask {
                for await event in events where event == DomainEvent(domain: node.domainName, kind: .stopped) {
                    return .stopped
                }
                return nil
            }
            group.addTask {
                var next = interval.map { ContinuousClock.now + $0 }
                var misses = isReached ? 0 : 1
                while try await self.isActive(node, runtime) {
                    if let due = next, let interval, ContinuousClock.now >= due {
                        next = due + interval
                        misses = try await act() ? 0 : misses + 1
                        // A container that starts cannot be reached for a moment; this one has no process any more.
                        if misses >= Self.missesOfTheStopped { return .unreachable }
                    }
                    try await Task.sleep(for: Self.pollInterval)
                }
                return .stopped
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return .timedOut
            }
            defer { group.cancelAll() }
            // An event stream that ends tells nothing; the poll goes on.
            while let answer = try await group.next() {
                if let answer { return answer }
            }
            return .timedOut
        }
    }
}

extension Domain {
    /// Sends process 1 a signal by way of libvirt; a domain that stopped meanwhile is fine.
    ///
    /// - Returns: false when the domain runs, and libvirt cannot reach its process 1.
    fileprivate borrowing func signal(_ signal: DomainSignal) throws(LibvirtError) -> Bool {
        do {
            try send(signal)
            return true
        } catch {
            guard error.code != .connectionLost, error.code != .denied else { throw error }
            return try !state().isActive
        }
    }

    /// A guest that does not listen, or an agent that does not answer, is no failure: the caller has a deadline.
    fileprivate borrowing func askToShutDown() throws(LibvirtError) {
        do {
            try shutdown()
        } catch {
            guard error.code != .connectionLost, error.code != .denied else { throw error }
        }
    }

    fileprivate borrowing func destroyIfActive() throws(LibvirtError) {
        do {
            try destroy()
        } catch {
            guard error.code == .wrongState else { throw error }
        }
    }
}
