import CLibvirt

/// What a callback is given: freed by libvirt when the callback is deregistered.
private final class Listener: Sendable {
    let continuation: AsyncStream<DomainEvent>.Continuation

    init(_ continuation: AsyncStream<DomainEvent>.Continuation) {
        self.continuation = continuation
    }
}

private let lifecycleCallback:
    @convention(c) (virConnectPtr?, virDomainPtr?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
        _, domain, event, _, opaque in
        guard let opaque, let domain, let name = virDomainGetName(domain) else { return 0 }
        let listener = Unmanaged<Listener>.fromOpaque(opaque).takeUnretainedValue()
        listener.continuation.yield(DomainEvent(domain: String(cString: name), kind: .init(number: event)))
        return 0
    }

private let releaseListener: @convention(c) (UnsafeMutableRawPointer?) -> Void = { opaque in
    guard let opaque else { return }
    Unmanaged<Listener>.fromOpaque(opaque).release()
}

extension Connection {
    /// Every change of any domain's state from now on; the stream ends when the connection closes or breaks.
    package func domainEvents() throws(LibvirtError) -> AsyncStream<DomainEvent> {
        let action = "listen to libvirt's domain events"
        let open = try open(for: action)
        let (stream, continuation) = AsyncStream.makeStream(of: DomainEvent.self)
        let opaque = Unmanaged.passRetained(Listener(continuation)).toOpaque()
        let id = slipway_register_lifecycle(open, lifecycleCallback, opaque, releaseListener)
        guard id >= 0 else {
            let error = LibvirtError.last(action)
            releaseListener(opaque)
            throw error
        }
        watch.add(continuation, id: id)
        continuation.onTermination = { [weak self] _ in
            Task { await self?.stopEvents(id) }
        }
        return stream
    }

    private func stopEvents(_ id: Int32) {
        guard watch.remove(id: id), let open = try? open(for: "stop listening") else { return }
        virConnectDomainEventDeregisterAny(open, id)
    }
}
