import Basics
import Crypto
import CryptoExtras
import FoundationEssentials

/// A file that only its passphrase opens: AES-256-GCM under a key that scrypt (RFC 7914) makes of the passphrase and a
/// salt of the file's own.
///
/// The file is a line of text, 16 bytes of salt, and what `AES.GCM` gives: nonce, ciphertext, tag. It is sealed as a
/// whole, so that no part of it can be changed, left out or taken from another file.
package enum SealedData {
    private static let mark = Array("slipway sealed backup 1\n".utf8)
    private static let saltSize = 16

    /// Returns whether a file begins as a sealed one.
    static func isSealed(_ data: Data) -> Bool { data.starts(with: mark) }

    static func seal(_ data: Data, passphrase: String) throws -> Data {
        let salt = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
        let head = Data(mark) + salt
        let box = try AES.GCM.seal(data, using: key(passphrase, salt), authenticating: head)
        guard let sealed = box.combined else { throw BackupError("the backup cannot be encrypted") }
        return head + sealed
    }

    static func open(_ data: Data, passphrase: String, file: String) throws -> Data {
        let head = data.prefix(mark.count + saltSize)
        do {
            let box = try AES.GCM.SealedBox(combined: data.dropFirst(head.count))
            return try AES.GCM.open(box, using: key(passphrase, head.suffix(saltSize)), authenticating: head)
        } catch is CryptoKitError {
            throw BackupError("\(file) is not opened by this passphrase, or it is damaged")
        }
    }

    /// 32 MiB of memory and about a tenth of a second, whoever tries a passphrase.
    private static func key(_ passphrase: String, _ salt: Data) throws -> SymmetricKey {
        try KDF.Scrypt.deriveKey(
            from: Data(passphrase.utf8),
            salt: salt,
            outputByteCount: 32,
            rounds: 1 << 15,
            blockSize: 8,
            parallelism: 1,
        )
    }

    /// The passphrase in a file: its first line.
    ///
    /// - Throws: ``BackupError`` for a file that cannot be read or is not UTF-8, or whose first line is empty.
    package static func passphrase(in file: String) throws(BackupError) -> String {
        let bytes: [UInt8]?
        do {
            bytes = try WholeFile.bytes(of: file)
        } catch {
            throw BackupError("cannot read the passphrase in \(file): \(error.reason)")
        }
        guard let bytes else { throw BackupError("there is no file \(file) with a passphrase") }
        // With what is not text replaced, one passphrase would be as good as another.
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BackupError("\(file) is not UTF-8 text, which a passphrase has to be")
        }
        let line = text.prefix { !$0.isNewline }
        guard !line.isEmpty else { throw BackupError("the first line of \(file) is empty, which is no passphrase") }
        return String(line)
    }
}
