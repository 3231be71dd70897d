import Backups
import Foundation
import TestKit
import Testing

@Suite struct PassphraseTests {
    private func passphrase(_ bytes: [UInt8]) async throws -> String {
        try await TemporaryDirectory.with { directory in
            try Data(bytes).write(to: URL(filePath: "\(directory)/key"))
            return try SealedData.passphrase(in: "\(directory)/key")
        }
    }

    @Test func itIsTheFirstLine() async throws {
        #expect(try await passphrase(Array("a sécret\nand more\n".utf8)) == "a sécret")
        #expect(try await passphrase(Array("a secret".utf8)) == "a secret")
    }

    /// `--passphrase-file <(pass show backup)`.
    @Test func itMayComeThroughAPipe() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("a secret\n".utf8))
        try pipe.fileHandleForWriting.close()
        #expect(try SealedData.passphrase(in: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)") == "a secret")
    }

    @Test(arguments: [([], "is empty"), (Array("\nx".utf8), "is empty"), ([0x61, 0xFF, 0x0A], "is not UTF-8 text")])
    func whatIsNoneIsAnError(bytes: [UInt8], reason: String) async throws {
        let error = await #expect(throws: BackupError.self) { try await passphrase(bytes) }
        #expect(error?.description.contains(reason) == true)
    }

    @Test func aFileMayBeMissing() {
        let error = #expect(throws: BackupError.self) { try SealedData.passphrase(in: "/no/such/key") }
        #expect(error?.description == "there is no file /no/such/key with a passphrase")
    }
}
