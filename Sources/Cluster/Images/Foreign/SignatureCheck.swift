import Basics
import FoundationEssentials

/// An OpenPGP signature, judged by gpgv, which trusts the given keys and no others.
struct SignatureCheck {
    /// The file that was signed, its signature, and a file with keys.
    var file: String
    var signature: String
    var key: String
    /// Path for a temporary key ring, beside the checked file.
    var keyRing: String

    func run() async throws(ImagesError) {
        guard let content = FileManager.default.contents(atPath: key) else {
            throw ImagesError(.store, "cannot read the key \(key)")
        }
        guard let keys = Self.binary(content) else {
            throw ImagesError(.refused, "\(key) is no OpenPGP public key")
        }
        do {
            try keys.write(to: URL(filePath: keyRing))
        } catch {
            throw ImagesError(.store, "cannot write \(keyRing)", cause: error)
        }
        defer { try? FileManager.default.removeItem(atPath: keyRing) }
        do throws(ImagesError) {
            try await HostProgram.run("gpgv", ["--keyring", keyRing, signature, file], package: "gpgv")
        } catch  where error.code == .tool {
            throw ImagesError(.refused, "its signature is not one of the keys in \(key)", cause: error)
        }
    }

    /// Keys as gpgv takes them: what is text is decoded (RFC 9580, section 6); nil where it cannot be.
    static func binary(_ content: Data) -> Data? {
        // Every packet's first byte has its highest bit set, which no text's has.
        if content.first.map({ $0 & 0x80 != 0 }) == true { return content }
        let lines = String(decoding: content, as: UTF8.self)
            .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { $0.trimmingSuffix(while: \.isWhitespace) }
            .drop { $0 != "-----BEGIN PGP PUBLIC KEY BLOCK-----" }
        let body = lines.drop { !$0.isEmpty }.dropFirst().prefix { !$0.hasPrefix("=") && !$0.hasPrefix("-----") }
        let data = Data(base64Encoded: body.joined())
        return data?.isEmpty == false ? data : nil
    }
}
