import FoundationEssentials
import TestKit
import Testing
import TopologyModel

@testable import Images

@Suite struct SignatureTests {
    /// A key ring of gpg's own in a directory, with one signature of `disk` by it.
    private static let script = """
        export GNUPGHOME=$1/gnupg
        mkdir -m 0700 "$GNUPGHOME"
        gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-gen-key test@example.invalid ed25519 sign 0
        gpg --batch --quiet --armor --export >"$1/key.asc"
        gpg --batch --quiet --export >"$1/key.gpg"
        gpg --batch --quiet --detach-sign --output "$1/disk.sig" "$1/disk"
        gpgconf --kill gpg-agent
        """

    @Test func takesOnlyWhatTheKeySigned() async throws {
        var disk = [UInt8](repeating: 7, count: 64 << 10)
        disk.replaceSubrange(510..<512, with: [0x55, 0xAA])
        let content = disk
        try await TemporaryDirectory.withFiles { scratch in
            let file = try scratch.write(content, to: "disk")
            try await HostProgram.run("sh", ["-euc", Self.script, "sh", scratch.path], package: "gnupg")
            let store = ForeignStore(home: scratch.path)
            func request(_ file: String, key: String) -> ImageRequest {
                let signature = RoleImage.Signature(origin: .file("\(scratch.path)/disk.sig"), key: key)
                return ImageRequest(name: "signed", origin: .file(file), signature: signature)
            }
            for key in ["key.asc", "key.gpg"] {
                let image = try await store.add(request(file, key: "\(scratch.path)/\(key)"))
                #expect(image.names == ["signed"])
                try await store.remove(digest: image.digest)
            }
            // Whoever adds it without its signature does not vouch for it.
            let plain = ImageRequest(name: nil, origin: .file(file))
            let signed = request(file, key: "\(scratch.path)/key.asc")
            #expect(try await store.add(plain).signedBy == nil)
            let unsigned = try store.present(signed)
            #expect(unsigned.image == nil && unsigned.isUnsigned)
            let added = try await store.add(signed)
            #expect(try store.present(signed).image?.digest == added.digest)
            #expect(try store.present(request(file, key: "\(scratch.path)/key.gpg")).isUnsigned)
            // Nor does it take back what was vouched for.
            _ = try await store.add(plain)
            #expect(try store.present(signed).image?.digest == added.digest)
            try await store.remove(digest: added.digest)
            var changed = content
            changed[9999] ^= 1
            let forged = try scratch.write(changed, to: "forged")
            let error = try #require(
                await #expect(throws: ImagesError.self) {
                    try await store.add(request(forged, key: "\(scratch.path)/key.asc"))
                }
            )
            #expect(error.code == .refused)
            #expect(error.description.contains("BAD signature"), "\(error)")
            #expect(store.list().isEmpty)
            let noKey = try scratch.write("no key", to: "no.key")
            let other = try #require(
                await #expect(throws: ImagesError.self) { try await store.add(request(file, key: noKey)) }
            )
            #expect(other.message.contains("no OpenPGP public key"), "\(other)")
            #expect(scratch.names(in: "images/foreign").allSatisfy { $0.hasSuffix(".lock") || $0 == "names" })
        }
    }
}
