import Foundation
import TestKit
import Testing

@testable import Backups

/// A backup's file: what was written is read, and nothing else is.
@Suite struct BackupFileTests {
    private static let manifest = BackupManifest(
        cluster: "demo",
        made: "2026-11-29T16:05:12Z",
        topology: "demo.yaml",
        etcd: BackupManifest.Etcd(cluster: "a1", version: "3.4.23", revision: 7, keys: 5, legacyKeys: 2, members: []),
        nodes: [],
        units: [],
    )
    private static let snapshot = Data((0..<1500).map { UInt8(truncatingIfNeeded: $0 &* 7) })

    private func withFile(
        passphrase: String? = nil,
        manifest: BackupManifest = Self.manifest,
        _ body: (_ path: String) throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) throws {
        let temporary = try TemporaryDirectory()
        let directory = temporary.path
        let path = "\(directory)/demo.backup"
        let parts = [
            BackupFile.Part(BackupManifest.PartName.snapshot, Self.snapshot),
            BackupFile.Part("files/1-demo.yaml", Data("name: demo\n".utf8), path: "demo.yaml"),
        ]
        try BackupFile.write(manifest, parts, to: path, passphrase: passphrase)
        try body(path)
        let left = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(left == ["demo.backup"], "drafts are left", sourceLocation: sourceLocation)
    }

    /// What reading it says is wrong.
    private func refusal(_ path: String, passphrase: String? = nil) -> String {
        do {
            _ = try BackupFile(at: path, passphrase: passphrase)
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [nil, "a secret"])
    func isReadAsWritten(passphrase: String?) throws {
        try withFile(passphrase: passphrase) { path in
            let read = try BackupFile(at: path, passphrase: passphrase)
            #expect(read.isSealed == (passphrase != nil))
            #expect(read.manifest.etcd == Self.manifest.etcd)
            #expect(try read.content(of: BackupManifest.PartName.snapshot) == Self.snapshot)
            #expect(try read.files == ["demo.yaml": "name: demo\n"])
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func aSealedFileHoldsNoText() throws {
        try withFile(passphrase: "a secret") { path in
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(bytes.range(of: Data("demo".utf8)) == nil)
            #expect(refusal(path).contains("--passphrase-file"))
            #expect(refusal(path, passphrase: "another").contains("not opened by this passphrase"))
        }
    }

    @Test(arguments: [nil, "a secret"])
    func anyBitThatFlipsIsFound(passphrase: String?) throws {
        try withFile(passphrase: passphrase) { path in
            let whole = try Data(contentsOf: URL(filePath: path))
            // scrypt takes its time, so that of a sealed file a few are tried.
            let step = passphrase == nil ? 37 : whole.count / 5
            for position in stride(from: 0, to: whole.count, by: step) {
                var damaged = whole
                damaged[position] ^= 1
                try damaged.write(to: URL(filePath: path))
                #expect(refusal(path, passphrase: passphrase) != "nothing", "byte \(position)")
            }
        }
    }

    @Test(arguments: [nil, "a secret"])
    func aFileThatEndsEarlyIsFound(passphrase: String?) throws {
        try withFile(passphrase: passphrase) { path in
            let whole = try Data(contentsOf: URL(filePath: path))
            let step = passphrase == nil ? 41 : whole.count / 5
            for length in stride(from: 0, to: whole.count, by: step) {
                try whole.prefix(length).write(to: URL(filePath: path))
                #expect(refusal(path, passphrase: passphrase) != "nothing", "\(length) bytes")
            }
            try (whole + Data(count: 512)).write(to: URL(filePath: path))
            #expect(refusal(path, passphrase: passphrase) != "nothing")
        }
    }

    @Test func aLaterFormatIsRefused() throws {
        var manifest = Self.manifest
        manifest.format = 2
        #expect {
            try withFile(manifest: manifest) { _ in }
        } throws: {
            "\($0)".contains("has format 2, and this slipway reads 1")
        }
    }

    @Test func whatIsNoBackupIsRefused() throws {
        try withFile { path in
            try Data("name: demo\n".utf8).write(to: URL(filePath: path))
            #expect(refusal(path).contains("it ends too early"))
            #expect(refusal(path + ".not").contains("cannot read the backup"))
        }
    }

    @Test func aFileThatExistsIsReplacedOnlyWhenAsked() throws {
        try withFile { path in
            #expect {
                try BackupFile.write(Self.manifest, [], to: path)
            } throws: {
                "\($0)".contains("--force")
            }
            #expect(try BackupFile(at: path).manifest.parts.count == 2)
            try BackupFile.write(Self.manifest, [], to: path, replaces: true)
            #expect(try BackupFile(at: path).manifest.parts.isEmpty)
        }
    }

    /// The archive is one that `tar` reads.
    @Test func tarListsIt() throws {
        try withFile { path in
            let tar = Process()
            tar.executableURL = URL(filePath: "/usr/bin/env")
            tar.arguments = ["tar", "-tf", path]
            let pipe = Pipe()
            tar.standardOutput = pipe
            try tar.run()
            let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            tar.waitUntilExit()
            #expect(text == "manifest.json\nmanifest.sha256\netcd/snapshot.db\nfiles/1-demo.yaml\n")
        }
    }
}
