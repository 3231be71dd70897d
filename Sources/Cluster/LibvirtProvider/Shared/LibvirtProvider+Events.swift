import Libvirt
import Logging
import Provisioning

extension LibvirtProvider {
    package func stoppedDomains() async -> AsyncStream<String> { await domains { $0.kind == .stopped } }

    package func changedDomains() async -> AsyncStream<String> { await domains { _ in true } }

    /// Names of the domains of events, of all drivers; ends with the first connection that breaks.
    private func domains(_ isWanted: @escaping @Sendable (DomainEvent) -> Bool) async -> AsyncStream<String> {
        do {
            var sources: [AsyncStream<DomainEvent>] = []
            for driver in try await presentDrivers() { sources.append(try await driver.hypervisor.domainEvents()) }
            let (stream, continuation) = AsyncStream.makeStream(of: String.self)
            let relays = sources.map { events in
                Task {
                    for await event in events where isWanted(event) { continuation.yield(event.domain) }
                    // Events of one driver would pass for those of both.
                    continuation.finish()
                }
            }
            continuation.onTermination = { _ in for relay in relays { relay.cancel() } }
            return stream
        } catch {
            logger.warning("cannot learn what happens to nodes", metadata: ["error": "\(error)"])
            return AsyncStream { $0.finish() }
        }
    }
}
