import Basics
import FileErrors
import FoundationEssentials
import Glibc
import Provisioning

// File operations in which "not there" is an answer and everything else that goes wrong is an error.
extension NodeStorage {
    /// Makes the directory of a cluster, and keeps it and its like from the host's other users: nodes' files belong to
    /// users of the nodes, whose numbers are those of others here, and may be set-user-ID.
    func makeClusterDirectory(_ cluster: String) throws {
        for path in [clusters, "\(clusters)/\(cluster)"] { try makeDirectory(path, permissions: 0o700) }
    }

    /// Makes a directory, or gives one that is there these permissions, whatever the umask.
    func makeDirectory(_ path: String, permissions: Int = 0o755) throws {
        try explained("make the directory \(path)") {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
        }
    }

    /// Writes a file atomically: readers, and a power cut, find the old content or the new.
    func write(_ data: Data, to path: String, permissions: Int = 0o644) throws {
        try explained("write \(path)") {
            try AtomicFile.write(Array(data), to: path, mode: UInt32(permissions))
        }
    }

    /// A file's content; nil when there is no such file.
    func contents(of path: String) throws -> Data? {
        do {
            return try WholeFile.bytes(of: path).map { Data($0) }
        } catch {
            throw ProviderError(.failed, "cannot read \(path)", cause: error.reason)
        }
    }

    /// The names in a directory, sorted; none when there is no such directory.
    func names(in path: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch let error as CocoaError where error.isMissingFile {
            return []
        } catch {
            throw ProviderError(.failed, "cannot list \(path)", cause: error.plainReason)
        }
    }

    /// Returns whether something of that name exists.
    ///
    /// - Throws: ``ProviderError`` where that cannot be seen, which says nothing about what is there.
    func isThere(_ path: String) throws -> Bool {
        var status = stat()
        if lstat(path, &status) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw ProviderError(.failed, "cannot examine \(path)", cause: String(cString: strerror(errno)))
        }
        return false
    }

    /// Returns whether there is a directory, also by way of a link.
    func isDirectory(_ path: String) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory
    }

    /// Removes what is of a cluster; what is not there is fine.
    func remove(_ names: String...) throws {
        do {
            try OwnedDirectory(clusters).remove(names)
        } catch {
            throw ProviderError(.failed, error.description)
        }
    }

    /// Does something, and says of an error what was being done.
    func explained<Result>(_ action: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw ProviderError(.failed, "cannot \(action)", cause: error.plainReason)
        }
    }
}

extension CocoaError {
    fileprivate var isMissingFile: Bool { code == .fileNoSuchFile || code == .fileReadNoSuchFile }
}
