import Foundation
import Provisioning
import SystemPackage
import TestKit
import Testing
import TopologyModel

@Suite struct ClusterLockTests {
    private func refusal(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> String? {
        #expect(throws: ProvisioningError.self, sourceLocation: sourceLocation, performing: body).map { "\($0)" }
    }

    @Test func aSecondChangeIsToldOfTheFirst() throws {
        let directory = try TemporaryDirectory()
        do {
            let lock = try ClusterLock(
                cluster: ClusterName("a"),
                directory: directory.filePath,
                purpose: "slipway up a.yaml"
            )
            let said = refusal {
                _ = try ClusterLock(cluster: ClusterName("a"), directory: directory.filePath, purpose: "b")
            }
            #expect(said?.contains("cluster 'a' is being changed by `slipway up a.yaml`, process \(getpid())") == true)
            _ = try ClusterLock(cluster: ClusterName("b"), directory: directory.filePath, purpose: "slipway up b.yaml")
            withExtendedLifetime(lock) {}
        }
        _ = try ClusterLock(cluster: ClusterName("a"), directory: directory.filePath, purpose: "again")
    }

    @Test func imagesAreNotRemovedWhileAClusterIsChanged() throws {
        let directory = try TemporaryDirectory()
        do {
            let lock = try ClusterLock(
                cluster: ClusterName("a"),
                directory: directory.filePath,
                purpose: "slipway up a.yaml"
            )
            let said = refusal { _ = try ClusterLock(allIn: directory.filePath, purpose: "prune") }
            #expect(said?.contains("about to be used by `slipway up a.yaml`") == true, "\(said ?? "")")
            withExtendedLifetime(lock) {}
        }
        // What a process wrote that was killed says nothing.
        try directory.write("`slipway up dead.yaml`, process 1\n", to: "0.lock", mode: 0o600)
        do {
            let lock = try ClusterLock(
                cluster: ClusterName("z"),
                directory: directory.filePath,
                purpose: "slipway up z.yaml"
            )
            let said = refusal { _ = try ClusterLock(allIn: directory.filePath, purpose: "prune") }
            #expect(said?.contains("about to be used by `slipway up z.yaml`") == true, "\(said ?? "")")
            withExtendedLifetime(lock) {}
        }
        do {
            let lock = try ClusterLock(allIn: directory.filePath, purpose: "slipway image prune")
            let said = refusal {
                _ = try ClusterLock(cluster: ClusterName("a"), directory: directory.filePath, purpose: "up")
            }
            #expect(said?.contains("images are being removed by `slipway image prune`") == true, "\(said ?? "")")
            let second = refusal { _ = try ClusterLock(allIn: directory.filePath, purpose: "prune") }
            #expect(second?.contains("slipway image prune") == true, "\(second ?? "")")
            withExtendedLifetime(lock) {}
        }
        _ = try ClusterLock(cluster: ClusterName("a"), directory: directory.filePath, purpose: "again")
    }

    @Test func noOtherUserCanHoldIt() throws {
        let scratch = try TemporaryDirectory()
        let directory = scratch.filePath.appending("locks")
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        // As a version before made it.
        try scratch.write("", to: "locks/a.lock", mode: 0o644)
        let lock = try ClusterLock(cluster: ClusterName("a"), directory: directory, purpose: "up")
        #expect(try scratch.permissions("locks/a.lock") == 0o600)
        #expect(try scratch.permissions("locks/.images") == 0o600)
        withExtendedLifetime(lock) {}
    }

    @Test func whatCannotBeMadeIsNamed() throws {
        let scratch = try TemporaryDirectory()
        try scratch.write("", to: "file", mode: 0o600)
        let directory = scratch.filePath.appending("file").appending("locks")
        let said = refusal { _ = try ClusterLock(cluster: ClusterName("a"), directory: directory, purpose: "up") }
        #expect(said?.contains("file/locks") == true && said?.contains("Error Domain") == false, "\(said ?? "")")
    }
}
