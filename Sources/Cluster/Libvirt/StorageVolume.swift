import CLibvirt

/// A volume of a storage pool, as a handle: it lives inside one call of ``Hypervisor/run(_:)``.
package struct StorageVolume: ~Copyable {
    private let handle: OpaquePointer
    /// Name of the volume.
    package let name: String

    /// Sizes of a volume, in bytes.
    package struct Info: Sendable, Hashable {
        /// Size as a guest sees it.
        package var capacity: UInt64
        /// Size on the host.
        package var allocation: UInt64
    }

    /// Takes over a handle that a libvirt call returned.
    ///
    /// - Throws: what libvirt said, when the call returned none.
    init(adopting handle: OpaquePointer?, _ action: @autoclosure () -> String) throws(LibvirtError) {
        guard let handle else { throw LibvirtError.last(action()) }
        self.handle = handle
        name = virStorageVolGetName(handle).map { String(cString: $0) } ?? ""
    }

    deinit {
        virStorageVolFree(handle)
    }

    /// Returns its path on libvirt's host.
    package func path() throws(LibvirtError) -> String {
        try text(virStorageVolGetPath(handle), "read the path of")
    }

    /// Description of the volume as libvirt has it.
    package func xml() throws(LibvirtError) -> String {
        try text(virStorageVolGetXMLDesc(handle, 0), "read the XML of")
    }

    /// Sizes of the volume.
    package func info() throws(LibvirtError) -> Info {
        var info = virStorageVolInfo()
        try check(virStorageVolGetInfo(handle, &info), "examine")
        return Info(capacity: info.capacity, allocation: info.allocation)
    }

    /// Deletes the volume and its data.
    package func delete() throws(LibvirtError) {
        try check(virStorageVolDelete(handle, 0), "remove")
    }

    /// Makes the volume larger.
    package func resize(to capacity: UInt64) throws(LibvirtError) {
        try check(virStorageVolResize(handle, capacity, 0), "resize")
    }

    func beginUpload(_ stream: borrowing Stream, length: UInt64, flags: UInt32) throws(LibvirtError) {
        try check(virStorageVolUpload(handle, stream.handle, 0, length, flags), "fill")
    }

    func beginDownload(_ stream: borrowing Stream, offset: UInt64, length: UInt64) throws(LibvirtError) {
        try check(virStorageVolDownload(handle, stream.handle, offset, length, 0), "read")
    }

    @discardableResult
    private func check(_ result: Int32, _ verb: StaticString) throws(LibvirtError) -> Int32 {
        guard result >= 0 else { throw LibvirtError.last("\(verb) volume \(name)") }
        return result
    }

    private func text(_ result: UnsafeMutablePointer<CChar>?, _ verb: StaticString) throws(LibvirtError) -> String {
        guard let result else { throw LibvirtError.last("\(verb) volume \(name)") }
        return takeString(result)
    }
}
