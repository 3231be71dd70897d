import Discovery
import FoundationEssentials
import SystemPackage
import TestKit
import Testing
import TopologyModel

@testable import Workspace

/// A cluster's token lives as long as the cluster.
@Suite struct ClusterDiscoveryTests {
    private func withDiscovery(_ body: (ClusterDiscovery) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            try await body(ClusterDiscovery(directory: FilePath(directory), cluster: ClusterName("demo")))
        }
    }

    private func serve(_ token: DiscoveryToken, _ discovery: ClusterDiscovery) async throws {
        try await DiscoveryService(directory: discovery.directory.string).create(token, size: 3)
    }

    @Test func staysTheSameUntilTheClusterIsGone() async throws {
        try await withDiscovery { discovery in
            let token = try discovery.token(isNew: true)
            #expect(try discovery.token(isNew: true) == token, "a plan and the `up` after it would differ")
            try await serve(token, discovery)
            #expect(try discovery.token(isNew: false) == token, "members that are about to meet would be parted")
            try discovery.remove()
            try discovery.remove()
            #expect(try discovery.token(isNew: true) != token)
        }
    }

    @Test func isFreshForMembersMadeAnew() async throws {
        try await withDiscovery { discovery in
            let token = try discovery.token(isNew: true)
            try await serve(token, discovery)
            let fresh = try discovery.token(isNew: true)
            #expect(fresh != token)
            let kept = try FileManager.default.contentsOfDirectory(atPath: discovery.directory.string)
            #expect(kept == ["clusters"], "the old token is still served")
        }
    }

    @Test func otherClustersHaveOthers() async throws {
        try await withDiscovery { discovery in
            let other = try ClusterDiscovery(directory: discovery.directory, cluster: ClusterName("other"))
            let token = try discovery.token(isNew: true)
            #expect(try other.token(isNew: true) != token)
            try other.remove()
            #expect(try discovery.token(isNew: true) == token)
        }
    }
}
