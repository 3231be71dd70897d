import Basics
import Crypto
import FileErrors
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// A backup on disk: one tar archive whose first part is the manifest and whose second is the manifest's SHA-256,
/// sealed as a whole where a passphrase was given.
package struct BackupFile: Sendable {
    /// Contents of the file.
    package let manifest: BackupManifest
    /// True for one that a passphrase opens.
    package let isSealed: Bool
    private let data: Data
    private let ranges: [String: Range<Int>]

    private static let sums = "manifest.sha256"

    /// Reads a backup and checks every byte of it.
    ///
    /// - Parameter passphrase: for a sealed file.
    /// - Throws: ``BackupError`` for a file that is damaged, of another format, or sealed with another passphrase.
    package init(at path: String, passphrase: String? = nil) throws {
        let stored: Data
        do {
            stored = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            throw BackupError("cannot read the backup \(path): \(error.plainReason)")
        }
        isSealed = SealedData.isSealed(stored)
        if isSealed {
            guard let passphrase else {
                throw BackupError("\(path) is encrypted: name the file with its passphrase, --passphrase-file")
            }
            data = try SealedData.open(stored, passphrase: passphrase, file: path)
        } else {
            data = stored
        }
        guard !data.isEmpty else { throw BackupError("\(path) is empty, and no backup") }
        let entries = try TarArchive.entries(of: data, file: path)
        guard entries.count >= 2, entries[0].name == BackupManifest.name, entries[1].name == Self.sums else {
            throw BackupError("\(path) is no backup of slipway's")
        }
        let text = data[entries[0].content]
        guard data[entries[1].content] == Data(Self.sum(of: text).utf8) else {
            throw BackupError.damaged(path, "its manifest was changed")
        }
        manifest = try BackupManifest(json: text, file: path)
        guard entries.dropFirst(2).map(\.name) == manifest.parts.map(\.name) else {
            throw BackupError.damaged(path, "its parts are not those that its manifest names")
        }
        for (part, entry) in zip(manifest.parts, entries.dropFirst(2)) {
            guard entry.content.count == part.size, Self.digest(of: data[entry.content]) == part.sha256 else {
                throw BackupError.damaged(path, "the checksum of \(part.name) is wrong")
            }
        }
        ranges = Dictionary(entries.map { ($0.name, $0.content) }) { first, _ in first }
    }

    /// Content of a part.
    ///
    /// - Throws: ``BackupError`` where there is none of that name.
    package func content(of name: String) throws(BackupError) -> Data {
        guard let range = ranges[name] else { throw BackupError("the backup has no part \(name)") }
        return data[range]
    }

    /// Texts of the topology and the files that it names, by the paths under which it does.
    package var files: [String: String] {
        get throws(BackupError) {
            var files: [String: String] = [:]
            for part in manifest.parts {
                guard let path = part.path else { continue }
                files[path] = String(decoding: try content(of: part.name), as: UTF8.self)
            }
            return files
        }
    }

    /// Returns whether a file begins as a backup does.
    static func begins(_ path: String) -> Bool {
        guard let data = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else { return false }
        return SealedData.isSealed(data) || data.starts(with: Data("\(BackupManifest.name)\0".utf8))
    }

    // MARK: Writing

    /// A part that is to be written.
    package struct Part: Sendable {
        var name: String
        var content: Data
        var path: String?

        package init(_ name: String, _ content: Data, path: String? = nil) {
            (self.name, self.content, self.path) = (name, content, path)
        }
    }

    /// Writes a backup: whole or not at all, read again before it has its name, and for its owner alone.
    ///
    /// - Parameters:
    ///   - manifest: without parts.
    ///   - passphrase: seals the file.
    ///   - replaces: whether a file that is there may be replaced.
    /// - Throws: ``BackupError`` where there is one that may not.
    package static func write(
        _ manifest: BackupManifest,
        _ parts: [Part],
        to path: String,
        passphrase: String? = nil,
        replaces: Bool = false,
    ) throws {
        var manifest = manifest
        manifest.parts = parts.map { part in
            BackupManifest.Part(
                name: part.name,
                size: part.content.count,
                sha256: digest(of: part.content),
                path: part.path,
            )
        }
        let text = try manifest.json
        let all = [Part(BackupManifest.name, text), Part(sums, Data(sum(of: text).utf8))] + parts
        if let large = all.first(where: { $0.content.count > TarArchive.largestPart }) {
            throw BackupError("\(large.name) is too large for a backup")
        }
        let time = Int64(Date().timeIntervalSince1970)
        var pieces = TarArchive.pieces(of: all.map { ($0.name, $0.content) }, time: time)
        if let passphrase {
            pieces = [try SealedData.seal(pieces.reduce(into: Data()) { $0.append($1) }, passphrase: passphrase)]
        }
        do {
            try AtomicFile.write(pieces: pieces, to: path, mode: 0o600, replaces: replaces) { draft in
                guard try BackupFile(at: draft, passphrase: passphrase).manifest == manifest else {
                    throw BackupError("\(path) does not hold what was written to it")
                }
            }
        } catch let failure as SystemFailure where !replaces && failure.number == EEXIST {
            throw exists(path)
        }
    }

    /// The refusal to replace a file.
    package static func exists(_ path: String) -> BackupError {
        BackupError("\(path) exists; name another file, or pass --force to replace it")
    }

    // MARK: Checksums

    private static func digest(of data: Data) -> String {
        var hash = SHA256()
        hash.update(data: data)
        return Hex.encode(hash.finalize())
    }

    /// As `sha256sum` writes it.
    private static func sum(of manifest: Data) -> String { "\(digest(of: manifest))  \(BackupManifest.name)\n" }
}
