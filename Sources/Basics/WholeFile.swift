import Glibc

/// Files that are read to their end, whatever their size says.
///
/// The kernel's files and pipes have no size that could be asked for. Foundation takes one of `/proc` for over after its
/// first page, and does not read a pipe at all.
package enum WholeFile {
    /// The text of a file; nil when there is none. What is not UTF-8 in it is replaced.
    package static func text(of path: String) throws(SystemFailure) -> String? {
        try bytes(of: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The content of a file; nil when there is none.
    ///
    /// - Parameter limit: the most bytes it may have. What is larger is an error (`EFBIG`), and not read to its end.
    package static func bytes(of path: String, limit: Int = .max) throws(SystemFailure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if [ENOENT, ENOTDIR].contains(errno) { return nil }
            throw SystemFailure("open \(path)")
        }
        defer { close(descriptor) }
        return try bytes(of: descriptor, name: path, limit: limit)
    }

    /// What is left of an open file.
    ///
    /// - Parameter name: what it is called in errors.
    package static func bytes(
        of descriptor: Int32,
        name: String,
        limit: Int = .max,
    ) throws(SystemFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        // The kernel makes a list such as /proc/net/unix piece by piece: the fewer pieces, the less changes between them.
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemFailure("read \(name)") }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw SystemFailure("read \(name)", number: EFBIG) }
        }
    }
}
