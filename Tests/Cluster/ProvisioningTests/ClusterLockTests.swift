import Foundation
import Provisioning
import Testing

@Suite struct ClusterLockTests {
    private func refusal(_ body: () throws -> Void) -> String? {
        #expect(throws: ProvisioningError.self, performing: body).map { "\($0)" }
    }

    @Test func aSecondChangeIsToldOfTheFirst() throws {
        let directory = try ScratchDirectory()
        do {
            let lock = try ClusterLock(cluster: "a", directory: directory.path, purpose: "slipway up a.yaml")
            let said = refusal { _ = try ClusterLock(cluster: "a", directory: directory.path, purpose: "b") }
            #expect(said?.contains("cluster 'a' is being changed by `slipway up a.yaml`, process \(getpid())") == true)
            _ = try ClusterLock(cluster: "b", directory: directory.path, purpose: "slipway up b.yaml")
            withExtendedLifetime(lock) {}
        }
        _ = try ClusterLock(cluster: "a", directory: directory.path, purpose: "again")
    }

    @Test func imagesAreNotRemovedWhileAClusterIsChanged() throws {
        let directory = try ScratchDirectory()
        do {
            let lock = try ClusterLock(cluster: "a", directory: directory.path, purpose: "slipway up a.yaml")
            let said = refusal { _ = try ClusterLock(allIn: directory.path, purpose: "prune") }
            #expect(said?.contains("about to be used by `slipway up a.yaml`") == true, "\(said ?? "")")
            withExtendedLifetime(lock) {}
        }
        // What a process wrote that was killed says nothing.
        try directory.write("`slipway up dead.yaml`, process 1\n", to: "0.lock")
        do {
            let lock = try ClusterLock(cluster: "z", directory: directory.path, purpose: "slipway up z.yaml")
            let said = refusal { _ = try ClusterLock(allIn: directory.path, purpose: "prune") }
            #expect(said?.contains("about to be used by `slipway up z.yaml`") == true, "\(said ?? "")")
            withExtendedLifetime(lock) {}
        }
        do {
            let lock = try ClusterLock(allIn: directory.path, purpose: "slipway image prune")
            let said = refusal { _ = try ClusterLock(cluster: "a", directory: directory.path, purpose: "up") }
            #expect(said?.contains("images are being removed by `slipway image prune`") == true, "\(said ?? "")")
            let second = refusal { _ = try ClusterLock(allIn: directory.path, purpose: "prune") }
            #expect(second?.contains("slipway image prune") == true, "\(second ?? "")")
            withExtendedLifetime(lock) {}
        }
        _ = try ClusterLock(cluster: "a", directory: directory.path, purpose: "again")
    }
}
