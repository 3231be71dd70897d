import CLibvirt

/// A network, as a handle: it lives inside one call of ``Hypervisor/run(_:)``.
package struct Network: ~Copyable {
    private let handle: OpaquePointer
    /// Name of the network.
    package let name: String

    /// Takes over a handle that a libvirt call returned.
    ///
    /// - Throws: what libvirt said, when the call returned none.
    init(adopting handle: OpaquePointer?, _ action: @autoclosure () -> String) throws(LibvirtError) {
        guard let handle else { throw LibvirtError.last(action()) }
        self.handle = handle
        name = virNetworkGetName(handle).map { String(cString: $0) } ?? ""
    }

    deinit {
        virNetworkFree(handle)
    }

    /// The UUID in lower-case text.
    package func uuid() throws(LibvirtError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        try check(virNetworkGetUUIDString(handle, &buffer), "read the UUID of")
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Returns true when the network runs.
    package func isActive() throws(LibvirtError) -> Bool {
        try check(virNetworkIsActive(handle), "examine") == 1
    }

    /// The network's XML.
    ///
    /// - Parameter inactive: what the next start will use, rather than what runs.
    package func xml(inactive: Bool = false) throws(LibvirtError) -> String {
        let flags = inactive ? VIR_NETWORK_XML_INACTIVE.rawValue : 0
        guard let xml = virNetworkGetXMLDesc(handle, flags) else {
            throw LibvirtError.last("read the XML of network \(name)")
        }
        return takeString(xml)
    }

    /// Makes the bridge and starts the network; ``LibvirtError/Code/wrongState`` when it is active.
    package func start() throws(LibvirtError) {
        try check(virNetworkCreate(handle), "start")
    }

    /// Stops the network and removes its bridge; ``LibvirtError/Code/wrongState`` when it is not active.
    package func destroy() throws(LibvirtError) {
        try check(virNetworkDestroy(handle), "stop")
    }

    /// Removes the network's definition.
    package func undefine() throws(LibvirtError) {
        try check(virNetworkUndefine(handle), "remove the definition of")
    }

    /// Returns whether it is defined, and not only running.
    package func isPersistent() throws(LibvirtError) -> Bool {
        try check(virNetworkIsPersistent(handle), "examine") == 1
    }

    /// Returns true when libvirt starts the network with the host.
    package func autostart() throws(LibvirtError) -> Bool {
        var isOn: Int32 = 0
        try check(virNetworkGetAutostart(handle, &isOn), "read the autostart of")
        return isOn == 1
    }

    /// Starts the network when libvirtd starts.
    package func setAutostart(_ isOn: Bool) throws(LibvirtError) {
        try check(virNetworkSetAutostart(handle, isOn ? 1 : 0), "set the autostart of")
    }

    /// Change of one entry of a network.
    package enum Update: Sendable {
        case add, delete
    }

    /// Changes which names the network's DNS server knows, at once and for later starts.
    ///
    /// - Parameter xml: a `host` of the network's `dns`; of one to delete, the address and the name count.
    package func updateHost(_ update: Update, _ xml: String) throws(LibvirtError) {
        let command = update == .add ? VIR_NETWORK_UPDATE_COMMAND_ADD_LAST : VIR_NETWORK_UPDATE_COMMAND_DELETE
        let isActive = try isActive()
        let live = isActive ? VIR_NETWORK_UPDATE_AFFECT_LIVE.rawValue : 0
        let flags = live | VIR_NETWORK_UPDATE_AFFECT_CONFIG.rawValue
        let section = VIR_NETWORK_SECTION_DNS_HOST.rawValue
        try check(virNetworkUpdate(handle, command.rawValue, section, -1, xml, flags), "change the names of")
    }

    @discardableResult
    private func check(_ result: Int32, _ verb: StaticString) throws(LibvirtError) -> Int32 {
        guard result >= 0 else { throw LibvirtError.last("\(verb) network \(name)") }
        return result
    }
}
