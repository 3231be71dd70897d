#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file of this host that is sent to libvirt's.
package struct SourceFile: ~Copyable {
    private let descriptor: Int32
    /// Path of the file.
    package let path: String
    /// Length in bytes.
    package let length: UInt64

    /// Opens a file for reading.
    package init(path: String) throws(LibvirtError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open \(path)") }
        let length = lseek(descriptor, 0, SEEK_END)
        guard length >= 0 else {
            let error = Self.failure("measure \(path)")
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
        self.length = UInt64(length)
    }

    deinit {
        close(descriptor)
    }

    /// Returns the number of bytes from a position on that are a hole; 0 where there is data, or the file system has no
    /// holes.
    func hole(at position: UInt64) throws(LibvirtError) -> UInt64 {
        #if canImport(Glibc)
            let data = lseek(descriptor, off_t(position), Self.seekData)
            if data >= 0 { return min(UInt64(data), length) - position }
            // Nothing but a hole is left.
            return errno == ENXIO ? length - position : 0
        #else
            return 0
        #endif
    }

    func read(at position: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(LibvirtError) -> Int {
        let wanted = min(buffer.count, Int(clamping: length - position))
        let count = pread(descriptor, buffer.baseAddress, wanted, off_t(position))
        guard count > 0 else { throw Self.failure("read \(path)") }
        return count
    }

    /// lseek(2)'s `SEEK_DATA`, which the C library hides from programs that do not ask for GNU's additions.
    private static let seekData: Int32 = 3

    private static func failure(_ action: String) -> LibvirtError {
        LibvirtError(code: .other, action: action, message: String(cString: strerror(errno)))
    }
}
