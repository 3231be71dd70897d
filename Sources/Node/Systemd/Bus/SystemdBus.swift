/// systemd over sd-bus.
///
/// Everything that touches the connection happens on one thread of its own, which is this actor's executor. The
/// connection is made by the first call. When it is lost, calls that wait for an answer fail with
/// ``SystemdError/Code-swift.struct/disconnected`` and the next call connects anew; while somebody listens for unit
/// changes it reconnects by itself.
package actor SystemdBus {
    nonisolated let thread: BusThread
    /// Address of the bus.
    nonisolated package let address: BusAddress

    /// Thread on which all of sd-bus is called.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    var connection: BusConnection?
    var operations = BusOperations()
    var listeners = UnitListeners()
    /// Time of the next attempt to connect, while there are listeners and no connection.
    private var reconnect: (at: ContinuousClock.Instant, pause: Duration)?

    /// Connects to systemd.
    package static func open(_ address: BusAddress = .automatic) throws(SystemdError) -> SystemdBus {
        let bus = SystemdBus(address, try BusThread())
        try bus.thread.start { [weak bus] in
            bus?.assumeIsolated { $0.pump() }
        }
        return bus
    }

    private init(_ address: BusAddress, _ thread: BusThread) {
        self.address = address
        self.thread = thread
    }

    deinit {
        listeners.finish()
        thread.stop()
    }

    // MARK: Calling

    /// Makes a call and reads its answer, on the bus's thread.
    func call<T: Sendable>(
        _ call: BusCall,
        _ read: @escaping (BusMessage) throws(BusFailure) -> T,
    ) async throws(SystemdError) -> T {
        let id = operations.nextID()
        let result: Result<T, SystemdError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                begin(id, call) { result in
                    continuation.resume(returning: result.flatMap { $0.parsed(call.operation, read) })
                }
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
        return try result.get()
    }

    /// Makes a call that answers with a job, and waits for the job's end.
    func job(_ call: BusCall, within limit: Duration) async throws(SystemdError) -> JobResult {
        let id = operations.nextID()
        let result: Result<JobResult, SystemdError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                begin(id, call) { result in
                    let path = result.flatMap { message in
                        message.parsed(call.operation) { (m) throws(BusFailure) in try m.objectPath() }
                    }
                    self.awaitJob(id, path, call, limit) { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
        return try result.get()
    }

    private func awaitJob(
        _ id: Int,
        _ path: Result<String, SystemdError>,
        _ call: BusCall,
        _ limit: Duration,
        _ finish: @escaping BusOperations.Finish<JobResult>,
    ) {
        switch path {
        case .failure(let error): finish(.failure(error))
        case .success(let path): perform(operations.awaitJob(id, path, call.operation, within: limit, finish))
        }
    }

    /// Connects if need be, sends, and registers what is to be done with the answer.
    func begin(_ id: Int, _ call: BusCall, _ finish: @escaping (Result<BusMessage, SystemdError>) -> Void) {
        switch Result(catching: { () throws(SystemdError) in try connected() }).flatMap({ send(call, on: $0) }) {
        case .failure(let error): finish(.failure(error))
        case .success(let cookie): operations.awaitReply(id, cookie, call, finish)
        }
    }

    private func cancel(_ id: Int) {
        perform(operations.failed(id) { SystemdError(.cancelled, operation: $0, message: "cancelled") })
    }

    func perform(_ actions: [BusOperations.Action]) {
        for action in actions { action() }
    }

    private func send(_ call: BusCall, on connection: BusConnection) -> Result<UInt64, SystemdError> {
        connection.send(call).mapError { failure in
            SystemdError(.disconnected, operation: call.operation, message: "send: \(failure.text)")
        }
    }

    // MARK: The connection

    private func connected() throws(SystemdError) -> BusConnection {
        if let connection { return connection }
        let connection = try BusConnection(address)
        self.connection = connection
        reconnect = nil
        subscribe()
        return connection
    }

    /// Turns systemd's signals on. Sent before any other call, so that no job's end can be missed.
    private func subscribe() {
        if address.isBus {
            for rule in Self.matchRules {
                begin(operations.nextID(), .addMatch(rule)) { result in
                    if case .failure(let error) = result { self.lost(error) }
                }
            }
        }
        begin(operations.nextID(), .manager("Subscribe", "subscribe to systemd's signals")) { result in
            if case .failure(let error) = result, error.dbusName != Self.alreadySubscribed {
                self.lost(error)
            } else {
                self.listeners.resync()
            }
        }
    }

    private static let alreadySubscribed = "org.freedesktop.systemd1.AlreadySubscribed"
    private static let matchRules = [
        "type='signal',sender='org.freedesktop.systemd1',interface='org.freedesktop.systemd1.Manager'",
        "type='signal',sender='org.freedesktop.systemd1',interface='org.freedesktop.DBus.Properties',"
            + "path_namespace='/org/freedesktop/systemd1/unit'",
        "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.systemd1'",
    ]

    func lost(_ error: SystemdError) {
        guard connection != nil else { return }
        connection = nil
        listeners.isSubscribed = false
        scheduleReconnect()
        let message = "the connection to systemd (\(address)) was lost: \(error.message); it may have been done"
        perform(operations.allFailed { SystemdError(.disconnected, operation: $0, message: message) })
    }

    private func scheduleReconnect() {
        let pause = min((reconnect?.pause ?? .milliseconds(50)) * 2, .seconds(5))
        reconnect = (ContinuousClock.now + pause, pause)
    }

    // MARK: The thread's work

    /// Does all that can be done without waiting.
    private func pump() -> BusThread.Wait? {
        if let connection { drain(connection) }
        perform(operations.expired(at: ContinuousClock.now))
        reconnectIfDue()
        queryChangedUnits()
        guard let connection else {
            let deadlines = [operations.nextDeadline, listeners.isEmpty ? nil : reconnect?.at]
            return BusThread.Wait(descriptor: -1, events: 0, deadline: deadlines.compactMap(\.self).min())
        }
        var wait = connection.wait
        wait.deadline = [wait.deadline, operations.nextDeadline].compactMap(\.self).min()
        return wait
    }

    private func drain(_ connection: BusConnection) {
        while self.connection === connection {
            switch connection.process() {
            case .message(let message): handle(message)
            case .progress: continue
            case .idle: return
            case .lost(let failure):
                lost(SystemdError(.disconnected, operation: "receive", message: failure.text))
            }
        }
    }

    private func handle(_ message: BusMessage) {
        if let cookie = message.replyCookie {
            perform(operations.answered(cookie, message))
        } else if message.isSignal {
            handleSignal(message)
        }
    }

    private func reconnectIfDue() {
        guard connection == nil, !listeners.isEmpty, let due = reconnect, due.at <= ContinuousClock.now else { return }
        do {
            _ = try connected()
        } catch {
            scheduleReconnect()
        }
    }

    /// A listener needs the connection; when there is none yet it is made soon.
    func wakeConnection() {
        if connection == nil, reconnect == nil { reconnect = (ContinuousClock.now, .milliseconds(50)) }
    }
}

extension BusMessage {
    /// Reads the message, taking an answer of the wrong shape for an error.
    func parsed<T>(
        _ operation: String,
        _ read: (BusMessage) throws(BusFailure) -> T,
    ) -> Result<T, SystemdError> {
        do throws(BusFailure) {
            return .success(try read(self))
        } catch {
            let message = "systemd's answer was not understood: \(error.text)"
            return .failure(SystemdError(.malformed, operation: operation, message: message))
        }
    }
}
