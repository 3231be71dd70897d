import ArgumentParser
import Images
import Terminal
import TopologyModel
import Workspace

struct ImageAdd: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Bring a disk image from elsewhere into this host's store.",
        discussion: """
            A qcow2 or raw disk, as it is or packed by gzip, bzip2, xz or zstd: what it is is seen by its content. It \
            is fetched once, hashed as it comes, and refused when it is not what its publisher says; a download that \
            breaks off goes on where it was, by the same command. A URL needs a digest or a signature, since whoever \
            can change the image could be anyone on the way. It is kept under the SHA-256 of the disk, so that what a \
            name stands for cannot change unseen; `image verify` reads it all again.

              slipway image add debian-12 https://example.org/debian-12.qcow2 --sha512 0123…
              slipway image add flatcar ./flatcar.img.bz2 --signature ./flatcar.img.bz2.sig --key ./signing-key.asc
            """,
    )

    @Argument(help: "The name it gets: lower-case letters, digits, dots and dashes.")
    var name: String
    @Argument(help: "An http(s) URL, or a file.")
    var source: String
    @Option(help: "What the source's bytes must hash to.")
    var sha256: String?
    @Option(help: "What the source's bytes must hash to.")
    var sha512: String?
    @Option(help: ArgumentHelp("A detached OpenPGP signature of the source: a URL or a file.", valueName: "source"))
    var signature: String?
    @Option(help: ArgumentHelp("A file with the public keys that may have signed.", valueName: "file"))
    var key: String?
    @OptionGroup var output: JSONOption

    func validate() throws {
        if sha256 != nil, sha512 != nil { throw ValidationError("Give --sha256 or --sha512, not both.") }
        if (signature == nil) != (key == nil) { throw ValidationError("--signature and --key go together.") }
        _ = try checksum()
    }

    private func checksum() throws -> ImageChecksum? {
        for (algorithm, text) in [(ImageChecksum.Algorithm.sha256, sha256), (.sha512, sha512)] {
            guard let text else { continue }
            guard let checksum = ImageChecksum(algorithm, text) else {
                throw ValidationError(
                    "'\(text)' is no \(algorithm.rawValue): that has \(algorithm.length) hexadecimal digits."
                )
            }
            return checksum
        }
        return nil
    }

    func run() async throws {
        let request = ImageRequest(
            name: name,
            origin: ImageOrigin(source),
            checksum: try checksum(),
            signature: signature.flatMap { text in
                key.map { RoleImage.Signature(origin: ImageOrigin(text), key: $0) }
            },
        )
        let store = try StoredImages(home: SlipwayHome.prepared()).foreign
        let before = store.image(named: name)
        let advice = "Stopped; what came of a URL is kept, and the same command goes on from there."
        let image = try await Interrupt.guarding(advice: advice) {
            try await store.add(request) { Output.note($0.words) }
        }
        if output.json { return try Output.json(image) }
        if let before, before.digest != image.digest {
            Output.note("\(name) was \(before.digest.prefix(16)) until now.")
        }
        let size = Format.bytes(Int64(clamping: image.capacity))
        Output.print("Image \(name) is \(image.digest.prefix(16)): \(image.format.rawValue), a disk of \(size).")
    }
}
