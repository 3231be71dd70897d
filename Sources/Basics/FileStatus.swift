import Glibc

/// What the kernel says of a file: `stat(2)`.
///
/// FileManager's attributes are values of other types where a program is linked without all of Foundation, and casts of
/// them fail there.
package struct FileStatus: Sendable, Equatable {
    /// Length in bytes.
    package var size: UInt64
    /// The permission bits.
    package var permissions: UInt32

    /// Follows links.
    ///
    /// - Throws: where there is no such file, or it cannot be examined.
    package init(of path: String) throws(SystemFailure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw SystemFailure("examine \(path)") }
        size = UInt64(max(0, status.st_size))
        permissions = status.st_mode & 0o7777
    }
}
