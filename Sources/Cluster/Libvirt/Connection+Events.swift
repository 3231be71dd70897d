import CLibvirt

private let lifecycleCallback:
    @convention(c) (virConnectPtr?, virDomainPtr?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
        _,
        domain,
        event,
        _,
        opaque in
        guard let opaque, let domain, let name = virDomainGetName(domain) else { return 0 }
        let watch = Unmanaged<ConnectionWatch>.fromOpaque(opaque).takeUnretainedValue()
        watch.domainChanged(DomainEvent(domain: String(cString: name), kind: .init(number: event)))
        return 0
    }

private let metadataCallback:
    @convention(c) (
        virConnectPtr?, virDomainPtr?, Int32, UnsafePointer<CChar>?, UnsafeMutableRawPointer?
    ) -> Void = { _, domain, _, _, opaque in
        guard let opaque, let domain, let name = virDomainGetName(domain) else { return }
        let watch = Unmanaged<ConnectionWatch>.fromOpaque(opaque).takeUnretainedValue()
        watch.domainChanged(DomainEvent(domain: String(cString: name), kind: .metadata))
    }

private let networkCallback:
    @convention(c) (virConnectPtr?, virNetworkPtr?, Int32, Int32, UnsafeMutableRawPointer?) -> Void = {
        _,
        network,
        _,
        _,
        opaque in
        guard let opaque, let network, let name = virNetworkGetName(network) else { return }
        Unmanaged<ConnectionWatch>.fromOpaque(opaque).takeUnretainedValue().networkChanged(String(cString: name))
    }

extension Connection {
    /// Names of networks as they are defined, changed, started, stopped or undefined, from now on; the stream ends when
    /// the connection closes or breaks.
    package func networkEvents() throws(LibvirtError) -> AsyncStream<String> {
        if networkCallbackID == nil {
            let action = "listen to libvirt's network events"
            let open = try open(for: action)
            let opaque = Unmanaged.passRetained(watch).toOpaque()
            let id = slipway_register_network_lifecycle(open, networkCallback, opaque, releaseWatch)
            guard id >= 0 else {
                let error = LibvirtError.last(action)
                releaseWatch(opaque)
                throw error
            }
            networkCallbackID = id
        }
        return watch.listenToNetworks()
    }

    /// Every change of any domain's state or metadata from now on; the stream ends when the connection closes or breaks.
    package func domainEvents() throws(LibvirtError) -> AsyncStream<DomainEvent> {
        try registerLifecycle()
        return watch.listen()
    }

    /// libvirt takes a callback once a connection, so one serves all listeners, for as long as the connection lives.
    private func registerLifecycle() throws(LibvirtError) {
        guard eventCallbackIDs.isEmpty else { return }
        let action = "listen to libvirt's domain events"
        let open = try open(for: action)
        let opaque = Unmanaged.passRetained(watch).toOpaque()
        let id = slipway_register_lifecycle(open, lifecycleCallback, opaque, releaseWatch)
        guard id >= 0 else {
            let error = LibvirtError.last(action)
            releaseWatch(opaque)
            throw error
        }
        eventCallbackIDs = [id]
        let second = Unmanaged.passRetained(watch).toOpaque()
        let metadataID = slipway_register_metadata_change(open, metadataCallback, second, releaseWatch)
        // A driver without events of that kind has the others.
        if metadataID >= 0 { eventCallbackIDs.append(metadataID) } else { releaseWatch(second) }
    }
}
