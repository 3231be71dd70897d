import FoundationEssentials
import Provisioning

// File operations in which "not there" is an answer and everything else that goes wrong is an error.
extension NodeStorage {
    func makeDirectory(_ path: String) throws {
        try explained("make the directory \(path)") {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    /// Writes a file by way of another that takes its place: nobody sees half of it.
    func write(_ data: Data, to path: String, permissions: Int = 0o644) throws {
        try explained("write \(path)") {
            try data.write(to: URL(filePath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
        }
    }

    /// A file's content; nil when there is no such file.
    func contents(of path: String) throws -> Data? {
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch let error as CocoaError where error.isMissingFile {
            return nil
        } catch {
            throw ProviderError(.failed, "cannot read \(path)", cause: "\(error)")
        }
    }

    /// The names in a directory, sorted; none when there is no such directory.
    func names(in path: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch let error as CocoaError where error.isMissingFile {
            return []
        } catch {
            throw ProviderError(.failed, "cannot list \(path)", cause: "\(error)")
        }
    }

    /// Removes a file or a whole directory; what is not there is fine.
    ///
    /// A node's last processes may still write while its directory is removed: hence the second try.
    func remove(_ path: String) throws {
        for attempt in 1... {
            do {
                return try FileManager.default.removeItem(atPath: path)
            } catch let error as CocoaError where error.isMissingFile {
                if !FileManager.default.fileExists(atPath: path) { return }
            } catch  where attempt < 3 {
                continue
            } catch {
                throw ProviderError(.failed, "cannot remove \(path)", cause: "\(error)")
            }
            if attempt >= 3 { throw ProviderError(.failed, "cannot remove \(path)", cause: "it is being written to") }
        }
    }

    private func explained(_ action: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw ProviderError(.failed, "cannot \(action)", cause: "\(error)")
        }
    }
}

extension CocoaError {
    fileprivate var isMissingFile: Bool { code == .fileNoSuchFile || code == .fileReadNoSuchFile }
}
