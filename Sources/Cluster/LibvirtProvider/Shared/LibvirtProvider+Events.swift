import Libvirt
import Logging
import Provisioning

extension LibvirtProvider {
    package func stoppedDomains() async -> AsyncStream<String> {
        do {
            var sources: [AsyncStream<DomainEvent>] = []
            for driver in try await presentDrivers() { sources.append(try await driver.hypervisor.domainEvents()) }
            let (stream, continuation) = AsyncStream.makeStream(of: String.self)
            let relays = sources.map { events in
                Task {
                    for await event in events where event.kind == .stopped { continuation.yield(event.domain) }
                    // Events of one driver would pass for those of both.
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
}
