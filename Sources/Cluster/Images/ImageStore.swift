import FoundationEssentials
import SystemPackage

/// The images on this host, by digest: `images/root/<digest>/` and `images/layer/<digest>/` below its home.
///
/// A directory of that name is complete: it is built beside its place and renamed at the end.
package struct ImageStore: Sendable {
    /// Slipway's home directory, unless SLIPWAY_HOME names another.
    package static let defaultHome = "/var/lib/slipway"

    /// The directory that `SLIPWAY_HOME` names.
    package var home: String
    /// The program that makes roots; another one in tests.
    var bootstrapper = "mmdebstrap"

    package init(home: String = ImageStore.defaultHome) {
        self.home = home
    }

    /// Digests of programs that this store has read before.
    package var digestCache: DigestCache { DigestCache(file: "\(home)/images/program-digests") }

    /// Path of an image in the store.
    package func path(of kind: ImageKind, digest: String) -> String {
        "\(directory(of: kind))/\(digest)"
    }

    /// Returns true when the image is in the store.
    package func has(_ kind: ImageKind, digest: String) -> Bool {
        FileManager.default.fileExists(atPath: path(of: kind, digest: digest))
    }

    /// Digests of one kind that are complete, sorted.
    package func digests(of kind: ImageKind) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory(of: kind))) ?? []
        return names.filter { $0.utf8.count == 64 && $0.allSatisfy(\.isHexDigit) }.sorted()
    }

    /// All images with their sizes, roots first, newest first.
    package func list() async throws(ImagesError) -> [StoredImage] {
        var images: [StoredImage] = []
        for kind in ImageKind.allCases {
            for digest in digests(of: kind) {
                images.append(try await describe(kind, digest))
            }
        }
        return images.sorted { first, second in
            guard first.kind == second.kind else { return first.kind == .root }
            return (second.modified, first.digest) < (first.modified, second.digest)
        }
    }

    /// The image a person means by a digest's first characters.
    package func find(prefix: String) throws(ImagesError) -> (kind: ImageKind, digest: String) {
        let found = ImageKind.allCases.flatMap { kind in
            digests(of: kind).filter { $0.hasPrefix(prefix) }.map { (kind: kind, digest: $0) }
        }
        guard let first = found.first, !prefix.isEmpty else {
            throw ImagesError(.missing, "there is no image '\(prefix)'; see: slipway image list")
        }
        guard found.count == 1 else {
            throw ImagesError(.missing, "'\(prefix)' fits \(found.count) images; give more of the digest")
        }
        return first
    }

    /// Removes an image. The caller makes sure that no node uses it: nodes run on it directly.
    package func remove(_ kind: ImageKind, digest: String) async throws(ImagesError) {
        guard has(kind, digest: digest) else {
            throw ImagesError(.missing, "there is no \(kind.rawValue) image \(digest)")
        }
        let lock = try await lock(kind, digest: digest, onWait: {})
        let doomed = partPath(kind, digest: digest)
        do {
            try FileManager.default.moveItem(atPath: path(of: kind, digest: digest), toPath: doomed)
        } catch {
            throw ImagesError(.store, "cannot remove \(path(of: kind, digest: digest))", cause: error)
        }
        try await discard(doomed)
        if kind == .root { removeRecord(of: digest) }
        _ = consume lock
    }

    /// Images other than those.
    package func unused(keeping digests: Set<String>) async throws(ImagesError) -> [StoredImage] {
        try await list().filter { !digests.contains($0.digest) }
    }

    /// Removes all images but those, and what interrupted builds left. Returns what it removed.
    package func prune(keeping digests: Set<String>) async throws(ImagesError) -> [StoredImage] {
        var removed: [StoredImage] = []
        for image in try await unused(keeping: digests) {
            try await remove(image.kind, digest: image.digest)
            removed.append(image)
        }
        for kind in ImageKind.allCases {
            try await discardParts(of: kind)
        }
        return removed
    }

    func directory(of kind: ImageKind) -> String {
        "\(home)/images/\(kind.rawValue)"
    }

    private func describe(_ kind: ImageKind, _ digest: String) async throws(ImagesError) -> StoredImage {
        let path = path(of: kind, digest: digest)
        // du counts what a file takes on disk once, which a sum of lengths does not.
        let kilobytes = await HostProgram.output("du", ["-skx", path]).split(separator: "\t").first.flatMap { Int($0) }
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let modified = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return StoredImage(
            kind: kind,
            digest: digest,
            path: path,
            modified: Int(modified),
            size: (kilobytes ?? 0) * 1024,
        )
    }
}
