import CLibvirt
import Dispatch
import Synchronization

/// libvirt's event loop: one thread a process, which answers keepalives and delivers events.
///
/// It must be registered before the first connection is opened: a connection that was opened without it never sees an
/// event, and is closed by the first unanswered keepalive.
enum EventLoop {
    private static let failure = Mutex<LibvirtError?>(nil)

    /// Registered and started at first use.
    private static let started: Void = {
        // Without a handler of our own, libvirt prints every error to stderr.
        virSetErrorFunc(nil) { _, _ in }
        guard virInitialize() == 0, virEventRegisterDefaultImpl() == 0 else {
            let error = LibvirtError.last("set up libvirt's event loop")
            failure.withLock { $0 = error }
            return
        }
        // A serial queue whose one job never ends is a thread of its own.
        DispatchQueue(label: "slipway.libvirt.events").async { run() }
    }()

    /// Makes sure that the loop runs.
    static func start() throws(LibvirtError) {
        started
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private static func run() {
        while virEventRunDefaultImpl() == 0 {}
        let error = LibvirtError.last("go on with libvirt's event loop")
        failure.withLock { $0 = error }
    }
}
