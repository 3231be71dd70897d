import Basics
import Foundation
import Planning
import SecureShell
import SystemPackage
import TestKit
import Testing
import TopologyModel

struct OpenSSHKeyTests {
    @Test(arguments: [0, 1, 7, 8, 9, 40])
    func opensshReadsTheKeyAsTheSamePair(commentLength: Int) throws {
        let comment = String(repeating: "c", count: commentLength)
        let seed = (0..<32).map { UInt8(truncatingIfNeeded: $0 * 7 + commentLength) }
        let pair = try OpenSSHKey.ed25519(seed: seed, comment: comment)
        let scratch = try TemporaryDirectory()
        try scratch.write(pair.privateKey, to: "key", mode: 0o600)
        try scratch.write(pair.publicKey + "\n", to: "key.pub", mode: 0o600)
        let key = scratch.filePath.appending("key").string
        #expect(try keygen("-y", "-f", key).trimming() == pair.publicKey.trimming())
        let fingerprint = try fingerprint(key)
        #expect(fingerprint == (try self.fingerprint(key + ".pub")))
        #expect(fingerprint.hasPrefix("256 SHA256:"))
    }

    @Test func theSameSeedGivesTheSameText() throws {
        let seed = [UInt8](repeating: 3, count: 32)
        #expect(try OpenSSHKey.ed25519(seed: seed, comment: "a") == OpenSSHKey.ed25519(seed: seed, comment: "a"))
    }

    /// Bits and hash; what follows is the comment, for which ssh-keygen has a stand-in.
    private func fingerprint(_ file: String) throws -> String {
        try keygen("-l", "-f", file).split(separator: " ").prefix(2).joined(separator: " ")
    }

    private func keygen(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/ssh-keygen")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, sourceLocation: sourceLocation)
        return text
    }
}

struct HostSecretTests {
    @Test func theSecretIsForItsOwnerAlone() throws {
        let scratch = try TemporaryDirectory()
        let secret = try HostSecret(directory: scratch.filePath.appending("keys"))
        _ = try secret.ownKeyFile()
        #expect(try scratch.permissions("keys") == 0o700)
        #expect(try scratch.permissions("keys/seed") == 0o600)
        #expect(try scratch.permissions("keys/id_ed25519") == 0o600)
        #expect(try scratch.text("keys/id_ed25519") == secret.ownKey().privateKey)
    }

    @Test func firstRunsAtTheSameTimeAgreeOnOneSecret() async throws {
        let scratch = try TemporaryDirectory()
        let directory = scratch.filePath.appending("keys")
        let keys = try await withThrowingTaskGroup(of: SSHKeyPair.self) { group in
            for _ in 0..<8 {
                group.addTask { try HostSecret(directory: directory).hostKey(cluster: "demo", node: "central-1") }
            }
            return try await group.reduce(into: Set<SSHKeyPair>()) { $0.insert($1) }
        }
        #expect(keys.count == 1)
    }

    @Test func keysDifferByWhatTheyAreFor() throws {
        let scratch = try TemporaryDirectory()
        let secret = try HostSecret(directory: scratch.filePath.appending("keys"))
        let keys = [
            try secret.ownKey(), try secret.clusterKey(cluster: "a"), try secret.clusterKey(cluster: "b"),
            try secret.hostKey(cluster: "a", node: "n-1"), try secret.hostKey(cluster: "a", node: "n-2"),
            try secret.hostKey(cluster: "b", node: "n-1"),
        ]
        #expect(Set(keys.map(\.privateKey)).count == keys.count)
    }

    @Test func aSecretOfTheWrongLengthIsRefusedAndKept() throws {
        let scratch = try TemporaryDirectory()
        try scratch.write("short", to: "seed", mode: 0o600)
        let refusal = #expect(throws: SSHError.self) { try HostSecret(directory: scratch.filePath) }
        #expect(refusal?.description.contains("5 bytes long, not 32") == true)
        #expect(try scratch.text("seed") == "short")
    }
}

struct SSHConfigTests {
    @Test func oneBlockANode() throws {
        let client = SSHClient(identityFile: "/keys/id", knownHostsFile: "/known/demo")
        let target = SSHTarget(
            node: "worker-1",
            address: try #require(IPv4Address("10.9.0.132")),
            hostKey: "ssh-ed25519 AAAA root@worker-1",
        )
        #expect(
            SSHConfig(client: client, cluster: "demo").text(for: [target]) == """
                Host worker-1 demo.worker-1 10.9.0.132
                    HostName 10.9.0.132
                    User core
                    IdentityFile /keys/id
                    IdentitiesOnly yes
                    UserKnownHostsFile /known/demo
                    StrictHostKeyChecking yes
                    UpdateHostKeys no
                    LogLevel ERROR

                """
        )
    }
}

extension String {
    fileprivate func trimming() -> String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
