import CLibvirt

/// A domain, as a handle: it lives inside one call of ``Hypervisor/run(_:)``.
package struct Domain: ~Copyable {
    let handle: OpaquePointer
    /// Name of the domain.
    package let name: String

    /// Takes over a handle that a libvirt call returned.
    ///
    /// - Throws: what libvirt said, when the call returned none.
    init(adopting handle: OpaquePointer?, _ action: @autoclosure () -> String) throws(LibvirtError) {
        guard let handle else { throw LibvirtError.last(action()) }
        self.handle = handle
        name = virDomainGetName(handle).map { String(cString: $0) } ?? ""
    }

    deinit {
        virDomainFree(handle)
    }

    /// The UUID in lower-case text.
    package func uuid() throws(LibvirtError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        try check(virDomainGetUUIDString(handle, &buffer), "read the UUID of")
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The number of the running domain, which for a container is the process that carries it; nil when it is off.
    package var id: UInt32? {
        let id = virDomainGetID(handle)
        return id == UInt32.max ? nil : id
    }

    /// State of the domain now.
    package func state() throws(LibvirtError) -> DomainState {
        var state: Int32 = 0
        try check(virDomainGetState(handle, &state, nil, 0), "read the state of")
        return DomainState(number: state)
    }

    /// Returns whether it is defined, and not only running.
    package func isPersistent() throws(LibvirtError) -> Bool {
        try check(virDomainIsPersistent(handle), "examine") == 1
    }

    /// The domain's XML.
    ///
    /// - Parameter inactive: what the next start will use, rather than what runs.
    package func xml(inactive: Bool = false) throws(LibvirtError) -> String {
        let flags = inactive ? VIR_DOMAIN_XML_INACTIVE.rawValue : 0
        return try text(virDomainGetXMLDesc(handle, flags), "read the XML of")
    }

    /// Starts the domain; ``LibvirtError/Code/wrongState`` when it runs.
    package func start() throws(LibvirtError) {
        try check(virDomainCreateWithFlags(handle, 0), "start")
    }

    /// Number of snapshots that libvirt keeps of the domain.
    package func snapshotCount() throws(LibvirtError) -> Int {
        Int(try check(virDomainSnapshotNum(handle, 0), "count the snapshots of"))
    }

    /// Lets a paused domain run on; ``LibvirtError/Code/wrongState`` when it does not run.
    package func resume() throws(LibvirtError) {
        try check(virDomainResume(handle), "resume")
    }

    /// Pauses the domain, as libvirt itself does when a disk is full.
    package func suspend() throws(LibvirtError) {
        try check(virDomainSuspend(handle), "pause")
    }

    /// Ends all of the domain's processes at once; ``LibvirtError/Code/wrongState`` when it does not run.
    package func destroy() throws(LibvirtError) {
        try check(virDomainDestroyFlags(handle, 0), "stop by force")
    }

    /// Asks the domain to shut down in the driver's own way: ACPI for QEMU.
    package func shutdown() throws(LibvirtError) {
        try check(virDomainShutdownFlags(handle, 0), "shut down")
    }

    /// Sends a signal to a process of a container; process 1 is its init.
    package func send(_ signal: DomainSignal, toProcess pid: Int64 = 1) throws(LibvirtError) {
        try check(virDomainSendProcessSignal(handle, pid, signal.number, 0), "send a signal to")
    }

    /// Removes the domain's definition.
    ///
    /// A domain that runs goes on running, and is gone when it stops: stop it first.
    package func undefine(_ flags: UndefineFlags) throws(LibvirtError) {
        try check(virDomainUndefineFlags(handle, flags.rawValue), "remove the definition of")
    }

    /// Starts the domain when the host starts.
    package func setAutostart(_ isOn: Bool) throws(LibvirtError) {
        try check(virDomainSetAutostart(handle, isOn ? 1 : 0), "set the autostart of")
    }

    /// Returns true when libvirt starts the domain with the host.
    package func autostart() throws(LibvirtError) -> Bool {
        var isOn: Int32 = 0
        try check(virDomainGetAutostart(handle, &isOn), "read the autostart of")
        return isOn == 1
    }

    /// The metadata element of a namespace as XML; nil when the domain has none.
    package func metadata(namespace: String) throws(LibvirtError) -> String? {
        let kind = Int32(VIR_DOMAIN_METADATA_ELEMENT.rawValue)
        do {
            let flags = VIR_DOMAIN_AFFECT_CURRENT.rawValue
            return try text(virDomainGetMetadata(handle, kind, namespace, flags), "read the metadata of")
        } catch {
            guard error.code == .noMetadata else { throw error }
            return nil
        }
    }

    /// Replaces the metadata element of a namespace, in the definition and, when the domain runs, there too.
    ///
    /// - Parameters:
    ///   - element: the element's XML, without prefix and namespace declaration, which libvirt adds.
    ///   - prefix: the prefix that libvirt gives it.
    package func setMetadata(_ element: String, prefix: String, namespace: String) throws(LibvirtError) {
        let kind = Int32(VIR_DOMAIN_METADATA_ELEMENT.rawValue)
        // One that runs after its definition was removed has nothing else that could be changed.
        var flags = try isPersistent() ? VIR_DOMAIN_AFFECT_CONFIG.rawValue : 0
        if try state().isActive { flags |= VIR_DOMAIN_AFFECT_LIVE.rawValue }
        try check(virDomainSetMetadata(handle, kind, element, prefix, namespace, flags), "set the metadata of")
    }

    @discardableResult
    func check(_ result: Int32, _ verb: StaticString) throws(LibvirtError) -> Int32 {
        guard result >= 0 else { throw LibvirtError.last("\(verb) domain \(name)") }
        return result
    }

    private func text(_ result: UnsafeMutablePointer<CChar>?, _ verb: StaticString) throws(LibvirtError) -> String {
        guard let result else { throw LibvirtError.last("\(verb) domain \(name)") }
        return takeString(result)
    }
}
