import CLibvirt

private let closeCallback: @convention(c) (virConnectPtr?, Int32, UnsafeMutableRawPointer?) -> Void = { _, _, opaque in
    guard let opaque else { return }
    Unmanaged<ConnectionWatch>.fromOpaque(opaque).takeUnretainedValue().connectionClosed()
}

/// libvirt calls it when it forgets a callback.
let releaseWatch: @convention(c) (UnsafeMutableRawPointer?) -> Void = { opaque in
    guard let opaque else { return }
    Unmanaged<ConnectionWatch>.fromOpaque(opaque).release()
}

/// One connection to libvirt, and the thread that its calls block.
///
/// Domains and networks are handles that cannot leave the actor: code that needs several calls in a row is handed the
/// connection, by ``Hypervisor/run(_:)``.
package actor Connection {
    private let executor = QueueExecutor(label: "slipway.libvirt.connection")
    /// Thread on which libvirt is called.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// libvirt's URI.
    package let uri: String
    private var handle: OpaquePointer?
    /// Called by libvirt when the connection breaks.
    let watch = ConnectionWatch()

    private init(uri: String) {
        self.uri = uri
    }

    isolated deinit {
        close()
    }

    /// Opens a connection.
    ///
    /// - Parameter uri: libvirt's URI, such as `lxc:///system`.
    package static func open(uri: String) async throws(LibvirtError) -> Connection {
        let connection = Connection(uri: uri)
        try await connection.connect()
        return connection
    }

    private func connect() throws(LibvirtError) {
        try EventLoop.start()
        guard let opened = virConnectOpen(uri) else { throw LibvirtError.last("connect to libvirt at \(uri)") }
        handle = opened
        // Drivers inside this process (test:) have neither keepalive nor a connection that could close: both refusals
        // are expected there, and without either the next call on a broken connection reports it all the same.
        _ = virConnectSetKeepAlive(opened, Self.keepAliveSeconds, Self.keepAliveCount)
        let opaque = Unmanaged.passRetained(watch).toOpaque()
        closeCallbackIsRegistered = virConnectRegisterCloseCallback(opened, closeCallback, opaque, releaseWatch) == 0
        if !closeCallbackIsRegistered { releaseWatch(opaque) }
    }

    private var closeCallbackIsRegistered = false
    /// Of the callbacks for domain events; empty until somebody listens.
    var eventCallbackIDs: [Int32] = []
    /// Of the callback for network events; nil until somebody listens.
    var networkCallbackID: Int32?

    /// A libvirtd that answers nothing for 5 s × 6 is taken for dead.
    private static let keepAliveSeconds: Int32 = 5
    private static let keepAliveCount: UInt32 = 6

    /// Closes the connection; later calls fail with ``LibvirtError/Code/connectionLost``. Closing twice is fine.
    package func close() {
        guard let open = handle else { return }
        handle = nil
        watch.connectionClosed()
        for id in eventCallbackIDs { virConnectDomainEventDeregisterAny(open, id) }
        if let networkCallbackID { virConnectNetworkEventDeregisterAny(open, networkCallbackID) }
        if closeCallbackIsRegistered { virConnectUnregisterCloseCallback(open, closeCallback) }
        virConnectClose(open)
    }

    /// True when the connection is open, as far as this side knows: no round trip.
    package var isAlive: Bool {
        guard let handle, !watch.isClosed else { return false }
        return virConnectIsAlive(handle) == 1
    }

    /// libvirt's handle, for the calls of this actor's extensions.
    func open(for action: String) throws(LibvirtError) -> OpaquePointer {
        guard let handle else {
            throw LibvirtError(code: .connectionLost, action: action, message: "the connection to \(uri) is closed")
        }
        return handle
    }
}
