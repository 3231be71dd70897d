import CLibvirt

/// A storage pool, as a handle: it lives inside one call of ``Hypervisor/run(_:)``.
package struct StoragePool: ~Copyable {
    private let handle: OpaquePointer
    /// Name of the pool.
    package let name: String

    /// Sizes of a pool, in bytes.
    package struct Info: Sendable, Hashable {
        /// Size in bytes.
        package var capacity: UInt64
        /// Bytes that are taken.
        package var allocation: UInt64
        /// Bytes that are free.
        package var available: UInt64
    }

    /// Takes over a handle that a libvirt call returned.
    ///
    /// - Throws: what libvirt said, when the call returned none.
    init(adopting handle: OpaquePointer?, _ action: @autoclosure () -> String) throws(LibvirtError) {
        guard let handle else { throw LibvirtError.last(action()) }
        self.handle = handle
        name = virStoragePoolGetName(handle).map { String(cString: $0) } ?? ""
    }

    deinit {
        virStoragePoolFree(handle)
    }

    /// The UUID in lower-case text.
    package func uuid() throws(LibvirtError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        try check(virStoragePoolGetUUIDString(handle, &buffer), "read the UUID of")
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Returns true when the pool runs.
    package func isActive() throws(LibvirtError) -> Bool {
        try check(virStoragePoolIsActive(handle), "examine") == 1
    }

    /// Description of the pool as libvirt has it.
    package func xml() throws(LibvirtError) -> String {
        guard let xml = virStoragePoolGetXMLDesc(handle, 0) else {
            throw LibvirtError.last("read the XML of storage pool \(name)")
        }
        return takeString(xml)
    }

    /// Sizes of the pool.
    package func info() throws(LibvirtError) -> Info {
        var info = virStoragePoolInfo()
        try check(virStoragePoolGetInfo(handle, &info), "examine")
        return Info(capacity: info.capacity, allocation: info.allocation, available: info.available)
    }

    /// Makes the pool's directory.
    package func build() throws(LibvirtError) {
        try check(virStoragePoolBuild(handle, 0), "make the directory of")
    }

    /// Starts the pool; ``LibvirtError/Code/wrongState`` when it is active.
    package func start() throws(LibvirtError) {
        try check(virStoragePoolCreate(handle, 0), "start")
    }

    /// Stops the pool; its volumes stay.
    package func destroy() throws(LibvirtError) {
        try check(virStoragePoolDestroy(handle), "stop")
    }

    /// Removes the directory of a pool that is stopped; one with something in it stays, which is a failure.
    package func delete() throws(LibvirtError) {
        try check(virStoragePoolDelete(handle, 0), "remove the directory of")
    }

    /// Removes the pool's definition; its directory stays.
    package func undefine() throws(LibvirtError) {
        try check(virStoragePoolUndefine(handle), "remove the definition of")
    }

    /// Starts the pool when libvirtd starts.
    package func setAutostart(_ isOn: Bool) throws(LibvirtError) {
        try check(virStoragePoolSetAutostart(handle, isOn ? 1 : 0), "set the autostart of")
    }

    /// Refreshes libvirt's list of the pool: files that came by another way than its own.
    package func refresh() throws(LibvirtError) {
        try check(virStoragePoolRefresh(handle, 0), "refresh")
    }

    /// The volume of a name; ``LibvirtError/Code/notFound`` when there is none.
    package func volume(named name: String) throws(LibvirtError) -> StorageVolume {
        let action = "find volume \(name) of storage pool \(self.name)"
        return try StorageVolume(adopting: virStorageVolLookupByName(handle, name), action)
    }

    /// Makes a volume; ``LibvirtError/Code/exists`` when one of its name is there.
    package func createVolume(_ xml: String, name: String) throws(LibvirtError) -> StorageVolume {
        let action = "make volume \(name) in storage pool \(self.name)"
        return try StorageVolume(adopting: virStorageVolCreateXML(handle, xml, 0), action)
    }

    /// Calls `body` with every volume.
    package func forEachVolume(
        _ body: (borrowing StorageVolume) throws(LibvirtError) -> Void
    ) throws(LibvirtError) {
        let action = "list the volumes of storage pool \(name)"
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = virStoragePoolListAllVolumes(handle, &list, 0)
        guard count >= 0 else { throw LibvirtError.last(action) }
        var failure: LibvirtError?
        for handle in takeHandles(list, count: count) {
            // Adopted even after a failure, so that every handle is freed.
            do {
                let volume = try StorageVolume(adopting: handle, action)
                if failure == nil { try body(volume) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    @discardableResult
    private func check(_ result: Int32, _ verb: StaticString) throws(LibvirtError) -> Int32 {
        guard result >= 0 else { throw LibvirtError.last("\(verb) storage pool \(name)") }
        return result
    }
}
