import FoundationEssentials
import Images
import Planning
import Provisioning
import Synchronization
import TopologyModel

/// Sources of the images that topologies ask for, by the digest that plans use.
final class ForeignRequests: Sendable {
    private let known = Mutex<[String: ImageRequest]>([:])

    subscript(lock: String) -> ImageRequest? {
        get { known.withLock { $0[lock] } }
        set { known.withLock { $0[lock] = newValue } }
    }
}

extension StoredImages {
    /// The digest by which each image is known in a plan: what its publisher says, or its disk's. An image that is
    /// nowhere is missing from the answer.
    ///
    /// - Throws: what is wrong with an image's file or signature. One with a signature alone has to be fetched first,
    ///   as nothing else says what it is.
    func foreignLocks(
        _ images: [RoleImage],
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> [RoleImage: String] {
        var locks: [RoleImage: String] = [:]
        for image in Set(images) { locks[image] = try await lock(of: image, progress: progress) }
        return locks
    }

    private func lock(
        of image: RoleImage,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> String? {
        switch image.source {
        case .name(let name): return try lock(ofNamed: name, image)
        case .origin(let origin): return try await lock(of: origin, image, progress: progress)
        }
    }

    private func lock(ofNamed name: String, _ image: RoleImage) throws -> String? {
        guard let found = try foreign.find(name) else { return nil }
        guard let wanted = image.checksum, found.digest != wanted.digest, found.checksum != wanted
        else { return found.digest }
        throw UserError("image '\(name)' is \(found.digest), and the topology wants \(wanted)")
    }

    private func lock(
        of origin: ImageOrigin,
        _ image: RoleImage,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> String? {
        var request = ImageRequest(name: nil, origin: origin, checksum: image.checksum, signature: image.signature)
        if request.checksum == nil, case .file(let path) = origin {
            // One that was fetched is not needed again.
            guard FileManager.default.isReadableFile(atPath: path) else {
                return try foreign.present(request).image?.checksum?.digest
            }
            var cache = DigestCache(file: "\(home)/images/foreign-digests")
            let digest = try cache.digest(of: path)
            cache.save([digest])
            request.checksum = ImageChecksum(.sha256, digest)
        }
        if let lock = request.checksum?.digest {
            requests[lock] = request
            return lock
        }
        if let present = try foreign.present(request).image { return present.digest }
        return try await foreign.add(request) { progress($0.words) }.digest
    }

    // MARK: As an image of nodes

    func isPresentForeign(_ digests: ImageDigests) -> Bool {
        foreign.image(lock: digests.root) != nil && !isUnsigned(digests)
    }

    /// Returns whether it came without the signature that a topology asks for; false where that cannot be read, which
    /// is reported when it is fetched.
    private func isUnsigned(_ digests: ImageDigests) -> Bool {
        guard let request = requests[digests.root], request.signature != nil else { return false }
        do {
            return try foreign.present(request).isUnsigned
        } catch {
            return true
        }
    }

    /// The image's disk; that of an image that is still to be fetched is derived from its future name.
    func foreignDisk(_ digests: ImageDigests) -> ImageFile {
        foreign.image(lock: digests.root).map(foreign.file)
            ?? ImageFile(path: foreign.disk(of: digests.root), digest: digests.root, size: 0, format: .qcow2)
    }

    func ensureForeign(_ digests: ImageDigests, onEvent: @escaping @Sendable (ImageEvent) -> Void) async throws {
        guard !isPresentForeign(digests) else { return }
        guard let request = requests[digests.root] else {
            throw ProvisioningError("image \(digests.root.prefix(12)) is gone; see: slipway image list")
        }
        _ = try await foreign.add(request, onEvent: onEvent)
    }
}
