import CSystemd
import Glibc
import Synchronization

/// The one thread that touches a bus connection: it runs its actor's jobs and, between them, waits for the connection.
///
/// Waiting blocks in `poll`, which must never happen on Swift's cooperative threads. An eventfd ends the wait when a
/// job comes in.
final class BusThread: SerialExecutor {
    /// Events to wait for when there is no job.
    struct Wait: Sendable {
        /// Negative when there is no connection.
        var descriptor: Int32
        /// `POLLIN`, `POLLOUT`.
        var events: Int16
        var deadline: ContinuousClock.Instant?
    }

    private struct Queue {
        var jobs: [UnownedJob] = []
        var isStopped = false
    }

    private let queue = Mutex(Queue())
    private let wakeUp: Int32
    /// `pthread_self()` of the thread once it runs.
    private let identity = Atomic<UInt>(0)

    init() throws(SystemdError) {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeUp >= 0 else {
            throw SystemdError(.unreachable, operation: "connect", message: "eventfd: \(errnoText(errno))")
        }
    }

    deinit { close(wakeUp) }

    /// Starts the thread, which keeps the executor alive until ``stop()``.
    /// - Parameter pump: does what the connection has to do; nil when there is nothing left to serve.
    func start(pump: @escaping @Sendable () -> Wait?) throws(SystemdError) {
        let body = Unmanaged.passRetained(Body(thread: self, pump: pump))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                body.thread.loop(body.pump)
                return nil
            },
            body.toOpaque()
        )
        guard code == 0 else {
            body.release()
            throw SystemdError(.unreachable, operation: "connect", message: "start a thread: \(errnoText(code))")
        }
    }

    /// Ends the thread after the jobs that are queued.
    func stop() {
        queue.withLock { $0.isStopped = true }
        wake()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        queue.withLock { $0.jobs.append(unowned) }
        wake()
    }

    func isIsolatingCurrentContext() -> Bool? {
        identity.load(ordering: .relaxed) == UInt(pthread_self())
    }

    func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "a bus connection was used off its thread")
    }

    private final class Body {
        let thread: BusThread
        let pump: @Sendable () -> Wait?

        init(thread: BusThread, pump: @escaping @Sendable () -> Wait?) {
            self.thread = thread
            self.pump = pump
        }
    }

    private func loop(_ pump: @Sendable () -> Wait?) {
        identity.store(UInt(pthread_self()), ordering: .relaxed)
        while runJobs(), let wait = pump() {
            self.wait(wait)
        }
        _ = runJobs()
    }

    /// False when the thread is to end.
    private func runJobs() -> Bool {
        while true {
            let (jobs, isStopped) = queue.withLock { queue in
                defer { queue.jobs = [] }
                return (queue.jobs, queue.isStopped)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if jobs.isEmpty { return !isStopped }
        }
    }

    private func wait(_ wait: Wait) {
        var descriptors = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
        if wait.descriptor >= 0 {
            descriptors.append(pollfd(fd: wait.descriptor, events: wait.events, revents: 0))
        }
        poll(&descriptors, nfds_t(descriptors.count), milliseconds(until: wait.deadline))
        var count: UInt64 = 0
        read(wakeUp, &count, 8)
    }

    private func wake() {
        var one: UInt64 = 1
        write(wakeUp, &one, 8)
    }
}

/// For `poll`: rounded up, so that a deadline has passed when the wait ends; -1 waits for ever.
private func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = deadline - ContinuousClock.now
    guard left > .zero else { return 0 }
    let (seconds, attoseconds) = left.components
    return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
}

func errnoText(_ code: Int32) -> String { String(cString: strerror(code)) }
