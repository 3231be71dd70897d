import Basics
import EtcdProxy
import Glibc
import Logging

/// Ends the program with a message for the journal.
func fail(_ error: any Error) -> Never {
    let text = Array("\(error)\n".utf8)
    write(STDERR_FILENO, text, text.count)
    exit(1)
}

func environment() -> [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee.map({ String(cString: $0) }) {
        let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
        next += 1
    }
    return variables
}

// Signals are taken by the main thread, with sigwait: they are blocked before there are other threads.
var signals = sigset_t()
sigemptyset(&signals)
sigaddset(&signals, SIGTERM)
sigaddset(&signals, SIGINT)
pthread_sigmask(SIG_BLOCK, &signals, nil)
DescriptorLimit.raise()

do {
    let variables = environment()
    let configuration = try ProxyConfiguration(environment: variables)
    let server = try EtcdProxyServer(
        configuration,
        logger: Logger(label: "slipway-etcd-proxy", factory: { StreamLogHandler.standardError(label: $0) }),
        notifier: ServiceNotifier(address: variables["NOTIFY_SOCKET"]),
    )
    try server.serve {
        var received: Int32 = 0
        sigwait(&signals, &received)
    }
} catch {
    fail(error)
}
