import Basics
import FoundationEssentials
import Glibc
import TopologyModel

/// Images from elsewhere on this host: `images/foreign/<digest>/` below its home, and the names they go by in
/// `images/foreign/names/`.
///
/// A disk is known by the digest of its bytes, so that two sources of one disk are one, and what a name stands for
/// cannot change unseen. Directories are whole: they are made beside their place and renamed.
package struct ForeignStore: Sendable {
    let directory: String
    private static let record = "image.json"

    /// Creates a store below slipway's home directory.
    package init(home: String) {
        directory = "\(home)/images/foreign"
    }

    /// Path of an image's file.
    package func path(of digest: String) -> String { "\(directory)/\(digest)" }
    /// The disk of an image, there or not.
    package func disk(of digest: String) -> String { "\(path(of: digest))/disk" }

    /// The image as a file to be brought to libvirt's host.
    package func file(of image: ForeignImage) -> ImageFile {
        ImageFile(
            path: disk(of: image.digest),
            digest: image.digest,
            size: image.size,
            format: image.format,
            capacity: image.capacity,
        )
    }

    /// All images, those with names first, by name.
    package func list() -> [ForeignImage] {
        let named = names()
        let images = Self.contents(directory).filter(Self.isDigest).compactMap { read($0, names: named) }
        return images.sorted { first, second in
            guard first.names.isEmpty == second.names.isEmpty else { return second.names.isEmpty }
            return (first.names.first ?? first.digest) < (second.names.first ?? second.digest)
        }
    }

    /// Image that was fetched under a name; nil where there is none.
    package func image(named name: String) -> ForeignImage? {
        let names = names()
        return names[name].flatMap { read($0, names: names) }
    }

    /// Image with a digest; nil where there is none.
    package func image(digest: String) -> ForeignImage? { read(digest, names: names()) }

    /// The image whose disk has this digest, or whose publisher says it of the source.
    package func image(lock: String) -> ForeignImage? {
        image(digest: lock) ?? list().first { $0.checksum?.digest == lock }
    }

    /// An image that a request would bring, if it is there and as much is known of it as the request asks for: its
    /// checksum, and a signature by its key.
    ///
    /// One that came of a URL without a checksum was signed, or it would not be here: whatever the key is by now, the
    /// nodes that lie on it are not made anew for another file that is at that URL by now.
    ///
    /// - Returns: nil as `image` where it is not; `isUnsigned` says that only the signature is missing.
    package func present(_ request: ImageRequest) throws(ImagesError) -> (image: ForeignImage?, isUnsigned: Bool) {
        let fitting = list().filter { image in
            request.checksum.map { image.isKnown(by: [$0.digest]) } ?? (image.source == "\(request.origin)")
        }
        guard let signature = request.signature else { return (fitting.first, false) }
        if case .url = request.origin, request.checksum == nil, let first = fitting.first(where: { $0.checksum == nil })
        {
            return (first, false)
        }
        let key = try FileDigest.of(signature.key)
        let signed = fitting.first { $0.signedBy == key }
        return (signed, signed == nil && !fitting.isEmpty)
    }

    /// The image a person means by a name or a digest's first characters; nil where it is none of these.
    package func find(_ text: String) throws(ImagesError) -> ForeignImage? {
        if let image = image(named: text) { return image }
        let found = text.isEmpty ? [] : list().filter { $0.digest.hasPrefix(text) }
        guard found.count < 2 else {
            throw ImagesError(.missing, "'\(text)' fits \(found.count) images; give more of the digest")
        }
        return found.first
    }

    /// Takes a name away, and the disk with its last one. The caller makes sure that no node uses it.
    ///
    /// - Returns: whether the disk went too.
    package func remove(name: String) async throws(ImagesError) -> Bool {
        guard let image = image(named: name) else {
            throw ImagesError(.missing, "there is no image '\(name)'; see: slipway image list")
        }
        try unlinkName(name)
        guard image.names == [name] else { return false }
        try removeDisk(image.digest)
        return true
    }

    /// Removes a disk with all of its names.
    package func remove(digest: String) async throws(ImagesError) {
        guard let image = image(digest: digest) else {
            throw ImagesError(.missing, "there is no image \(digest); see: slipway image list")
        }
        for name in image.names { try unlinkName(name) }
        try removeDisk(digest)
    }

    /// Images without a name other than those.
    package func unused(keeping digests: Set<String>) -> [ForeignImage] {
        list().filter { $0.names.isEmpty && !$0.isKnown(by: digests) }
    }

    /// Removes disks without a name but those, and parts of abandoned downloads.
    package func prune(keeping digests: Set<String>) async throws(ImagesError) -> [ForeignImage] {
        var removed: [ForeignImage] = []
        for image in unused(keeping: digests) {
            try removeDisk(image.digest)
            removed.append(image)
        }
        for name in Self.contents(directory) where name.hasPrefix(".") && !name.hasSuffix(".lock") {
            let key = name.dropFirst().prefix { $0 != "." }
            // Whoever downloads holds the lock.
            guard let lock = try await freeLock(String(key)) else { continue }
            try Self.removeTree("\(directory)/\(name)")
            _ = consume lock
        }
        return removed
    }

    /// Reads a disk from end to end and compares it with the digest it is known by.
    package func verify(_ image: ForeignImage) throws(ImagesError) {
        let found = try FileDigest.of(disk(of: image.digest))
        guard found == image.digest else {
            throw ImagesError(
                .refused,
                "\(disk(of: image.digest)) is not what it was: its SHA-256 is \(found); remove it and add it again: "
                    + "slipway image rm \(image.names.first ?? String(image.digest.prefix(16)))",
            )
        }
    }

    // MARK: Files

    func lock(_ key: String, onWait: () -> Void) async throws(ImagesError) -> FileLock {
        try ImageStore.makeDirectory(directory)
        return try await FileLock.acquire("\(directory)/.\(key).lock", onWait: onWait)
    }

    private func freeLock(_ key: String) async throws(ImagesError) -> FileLock? {
        do throws(ImagesError) {
            return try await FileLock.acquire("\(directory)/.\(key).lock", patience: .zero, onWait: {})
        } catch  where error.code == .busy {
            return nil
        }
    }

    /// Gives an image a name, which another may have had.
    func name(_ digest: String, _ name: String) throws(ImagesError) {
        try ImageStore.makeDirectory("\(directory)/names")
        try Self.write(Data((digest + "\n").utf8), to: "\(directory)/names/\(name)")
    }

    func write(_ image: ForeignImage, to directory: String) throws(ImagesError) {
        var image = image
        image.names = []
        do {
            try Self.write(try JSONEncoder().encode(image), to: "\(directory)/\(Self.record)")
        } catch {
            throw ImagesError(.store, "cannot write \(directory)/\(Self.record)", cause: error)
        }
    }

    private func read(_ digest: String, names: [String: String]) -> ForeignImage? {
        let record = "\(path(of: digest))/\(Self.record)"
        guard Self.isDigest(digest), let data = FileManager.default.contents(atPath: record),
            var image = try? JSONDecoder().decode(ForeignImage.self, from: data), image.digest == digest
        else { return nil }
        image.names = names.filter { $0.value == digest }.keys.sorted()
        return image
    }

    private func names() -> [String: String] {
        var names: [String: String] = [:]
        for name in Self.contents("\(directory)/names") where ImageRequest.isName(name) {
            let data = FileManager.default.contents(atPath: "\(directory)/names/\(name)") ?? Data()
            let digest = String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
            if Self.isDigest(digest) { names[name] = digest }
        }
        return names
    }

    private func unlinkName(_ name: String) throws(ImagesError) {
        guard unlink("\(directory)/names/\(name)") == 0 || errno == ENOENT else {
            throw ImagesError(.store, "cannot remove the name \(name): \(String(cString: strerror(errno)))")
        }
    }

    /// Renamed first: what is left of a removal that died is no image.
    private func removeDisk(_ digest: String) throws(ImagesError) {
        let doomed = "\(directory)/.\(digest).gone"
        try Self.removeTree(doomed)
        try ImageStore.rename(path(of: digest), doomed)
        try Self.removeTree(doomed)
    }

    static func removeTree(_ path: String) throws(ImagesError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw ImagesError(.store, "cannot remove \(path)", cause: error)
        }
    }

    private static func write(_ data: Data, to path: String) throws(ImagesError) {
        do {
            try AtomicFile.write(Array(data), to: path)
        } catch {
            throw ImagesError(.store, "cannot write \(path)", cause: error)
        }
    }

    private static func contents(_ directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    private static func isDigest(_ text: String) -> Bool { ImageChecksum(.sha256, text)?.digest == text }
}
