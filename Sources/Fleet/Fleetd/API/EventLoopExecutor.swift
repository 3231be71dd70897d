import NIOCore

/// Runs tasks on the thread of an event loop, for work that comes from there and goes back there: each change of thread
/// costs a wait for a processor, of which a busy host has none to spare.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
