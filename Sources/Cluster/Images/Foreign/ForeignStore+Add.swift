import Basics
import FoundationEssentials
import Glibc
import TopologyModel

extension ForeignStore {
    /// Brings an image into the store under a name: fetched once, and only what is what it was said to be.
    ///
    /// - Throws: with nothing stored. What came of a URL is kept when the way broke, and goes when it was wrong.
    package func add(
        _ request: ImageRequest,
        onEvent: @escaping @Sendable (ImageEvent) -> Void = { _ in },
    ) async throws(ImagesError) -> ForeignImage {
        try check(request)
        // What is fetched depends on nothing else; two that want the same fetch it once.
        let key = Digest.of("\(request.origin)\n\(request.checksum.map(\.description) ?? "")")
        let lock = try await lock(key) { onEvent(.waiting("another slipway fetches this image")) }
        let image = try await addLocked(request, key: key, onEvent)
        _ = consume lock
        return image
    }

    private func addLocked(
        _ request: ImageRequest,
        key: String,
        _ onEvent: @escaping @Sendable (ImageEvent) -> Void,
    ) async throws(ImagesError) -> ForeignImage {
        if let checksum = request.checksum, request.signature == nil,
            let present = list().first(where: { $0.checksum == checksum })
        {
            return try named(present.digest, request.name)
        }
        let work = "\(directory)/.\(key)"
        let download = Download(
            origin: request.origin,
            part: "\(work).download",
            algorithm: request.checksum?.algorithm ?? .sha256,
            trustsServer: request.checksum == nil,
            onEvent: onEvent,
        )
        try await fetch(request, download, onEvent)
        do throws(ImagesError) {
            try await checkSignature(request, of: download.part, work: work)
            let image = try await store(request, download.part, work: "\(work).part", onEvent)
            try download.discard()
            return try named(image.digest, request.name)
        } catch {
            // What was refused is of no use, and what is half made neither.
            try Self.removeTree("\(work).part")
            guard error.code == .refused else { throw error }
            try download.discard()
            throw ImagesError(.refused, "\(request.origin) is refused: \(error.message)", cause: error.cause)
        }
    }

    private func check(_ request: ImageRequest) throws(ImagesError) {
        if let name = request.name, !ImageRequest.isName(name) {
            throw ImagesError(
                .refused,
                "'\(name)' cannot be an image's name: lower-case letters, digits, dots and dashes, at most 63, "
                    + "and not like the start of a digest",
            )
        }
        if case .url = request.origin, request.checksum == nil, request.signature == nil {
            throw ImagesError(
                .refused,
                "\(request.origin) is taken only with a digest or a signature; give --sha256, --sha512, or --signature "
                    + "with --key",
            )
        }
        if case .file(let path) = request.origin, !FileManager.default.isReadableFile(atPath: path) {
            throw ImagesError(.missing, "there is no file \(path) that can be read")
        }
    }

    private func named(_ digest: String, _ name: String?) throws(ImagesError) -> ForeignImage {
        if let name { try self.name(digest, name) }
        guard let image = image(digest: digest) else {
            throw ImagesError(.store, "\(path(of: digest)) is gone before it could be used")
        }
        return image
    }

    // MARK: Fetching

    /// Fetches, and compares with the digest wanted. What an earlier try left may be of an older file: then once more.
    private func fetch(
        _ request: ImageRequest,
        _ download: Download,
        _ onEvent: @Sendable (ImageEvent) -> Void,
    ) async throws(ImagesError) {
        let earlier = try download.digestOfPart()
        if let checksum = request.checksum, earlier == checksum.digest { return }
        onEvent(.step("fetching \(request.origin)"))
        var whole = try await download.run()
        guard let checksum = request.checksum, whole.digest != checksum.digest else { return }
        try download.discard()
        if whole.isPatched || earlier != nil, case .url = request.origin {
            onEvent(.step("what an earlier try left does not fit; fetching all of it"))
            whole = try await download.run()
            if whole.digest == checksum.digest { return }
            try download.discard()
        }
        throw ImagesError(
            .refused,
            "\(request.origin) is refused: its \(checksum.algorithm.rawValue) is \(whole.digest), "
                + "wanted is \(checksum.digest); nothing was stored",
        )
    }

    private func checkSignature(_ request: ImageRequest, of file: String, work: String) async throws(ImagesError) {
        guard let wanted = request.signature else { return }
        var signature = "\(work).signature"
        switch wanted.origin {
        case .file(let path): signature = path
        case .url:
            let download = Download(origin: wanted.origin, part: signature, algorithm: .sha256, onEvent: { _ in })
            try download.discard()
            _ = try await download.run()
        }
        let check = SignatureCheck(file: file, signature: signature, key: wanted.key, keyRing: "\(work).keys")
        let outcome: ImagesError?
        do throws(ImagesError) {
            try await check.run()
            outcome = nil
        } catch {
            outcome = error
        }
        for path in ["", ".headers", ".validator"] { try Self.removeTree("\(work).signature\(path)") }
        if let outcome { throw outcome }
    }

    // MARK: Storing

    /// Unpacks what was fetched, checks it, and puts it in its place.
    private func store(
        _ request: ImageRequest,
        _ fetched: String,
        work: String,
        _ onEvent: @Sendable (ImageEvent) -> Void,
    ) async throws(ImagesError) -> ForeignImage {
        try Self.removeTree(work)
        try ImageStore.makeDirectory(work)
        let disk = "\(work)/disk"
        if let packing = Packing(try FileStart.read(fetched, count: 8)) {
            onEvent(.step("unpacking it (\(packing.rawValue))"))
            try await packing.unpack(fetched, to: disk)
        } else {
            try ImageStore.rename(fetched, disk)
        }
        let size = try ImageStore.size(of: disk)
        let header = try DiskHeader.read(disk, length: size)
        var image = ForeignImage(
            digest: try FileDigest.of(disk),
            format: header.format,
            size: size,
            capacity: header.capacity,
            source: "\(request.origin)",
            checksum: request.checksum,
            signedBy: try request.signature.map { signature throws(ImagesError) in try FileDigest.of(signature.key) },
        )
        guard chmod(disk, 0o444) == 0 else {
            throw ImagesError(.store, "cannot change \(disk): \(String(cString: strerror(errno)))")
        }
        try write(image, to: work)
        // Another source may have the same disk, and come at the same time.
        let lock = try await lock(image.digest, onWait: {})
        if let known = self.image(digest: image.digest) {
            // The same disk from elsewhere, or packed otherwise; the newest word on where it is from stands.
            image.signedBy = image.signedBy ?? known.signedBy
            try write(image, to: path(of: image.digest))
            try Self.removeTree(work)
        } else {
            try ImageStore.rename(work, path(of: image.digest))
        }
        _ = consume lock
        return image
    }
}
