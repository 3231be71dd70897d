import Basics
import FoundationEssentials
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Access to a topology's unit files.
package protocol FileReading: Sendable {
    /// The text of the file at `path`; nil when there is none.
    ///
    /// - Throws: when there is one that cannot be read; the error says why.
    func text(at path: String) throws -> String?

    /// The names in a directory, for suggestions; empty when it cannot be listed.
    func names(in directory: String) -> [String]
}

/// The files of this machine; relative paths start at the working directory, and `-` is standard input.
package struct DiskFiles: FileReading {
    /// More than any file of these kinds has; what is larger is not read into memory.
    package static let limit = 16 << 20

    /// Content of standard input and of pipes, which can be read only once.
    private static let pipes = Mutex<[String: [UInt8]]>([:])

    package init() {}

    package func text(at path: String) throws -> String? {
        guard let bytes = try Self.bytes(at: path) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FileReadingError.notText }
        // Some editors begin a file with a byte order mark, which means nothing in UTF-8.
        return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }

    /// Returns whether it is standard input, a pipe or a device, of which only ``bytes(at:)`` knows later what was
    /// read.
    package static func isReadOnce(_ path: String) -> Bool {
        var status = stat()
        return path == "-" || stat(path, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    }

    /// Name under which faults are reported, and beside which unit files are searched: a pipe has no directory, so that
    /// is where the command was run.
    package static func name(of path: String) -> String { isReadOnce(path) ? "-" : path }

    /// Returns the content of a file or pipe; nil when none of that name exists.
    ///
    /// - Throws: when it is there and cannot be read, or has more than ``limit`` bytes.
    package static func bytes(at path: String) throws -> [UInt8]? {
        try bytes(at: path, standardInput: STDIN_FILENO)
    }

    static func bytes(at path: String, standardInput: Int32) throws -> [UInt8]? {
        let key = path == "-" ? "-\(standardInput)" : path
        if let known = pipes.withLock({ $0[key] }) { return known }
        let descriptor = path == "-" ? dup(standardInput) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if [ENOENT, ENOTDIR].contains(errno) { return nil }
            throw FileReadingError.unreadable(errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileReadingError.unreadable(errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw FileReadingError.directory }
        let bytes = try read(descriptor, path)
        // Standard input that is a file is read from where the last reader stopped.
        if path == "-" || status.st_mode & S_IFMT != S_IFREG { pipes.withLock { $0[key] = bytes } }
        return bytes
    }

    private static func read(_ descriptor: Int32, _ path: String) throws -> [UInt8] {
        do {
            return try WholeFile.bytes(of: descriptor, name: path, limit: limit)
        } catch {
            throw error.number == EFBIG ? FileReadingError.tooLarge : .unreadable(error.number)
        }
    }

    package func names(in directory: String) -> [String] {
        // Only suggestions come from here, and without them the message still says what is wrong.
        (try? FileManager.default.contentsOfDirectory(atPath: directory.isEmpty ? "." : directory)) ?? []
    }
}

enum FileReadingError: Error, CustomStringConvertible {
    case directory, notText, tooLarge
    /// By `errno`.
    case unreadable(Int32)

    var description: String {
        switch self {
        case .directory: "it is a directory"
        case .notText: "it is not UTF-8 text"
        case .tooLarge: "it has more than \(DiskFiles.limit >> 20) MiB"
        case .unreadable(let number): String(cString: strerror(number))
        }
    }
}
