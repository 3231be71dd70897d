import Basics
import Discovery
import FoundationEssentials
import Logging
import Planning
import Provisioning
import SystemPackage
import TopologyModel

/// The token under which a cluster's first members meet, and the service for as long as they do.
package struct ClusterDiscovery: Sendable {
    /// Directory of the service's tokens; its file `clusters` maps clusters to tokens.
    let directory: FilePath
    let cluster: ClusterName

    private var file: FilePath { directory.appending("clusters").appending(cluster.description) }

    /// The cluster's token: the same until the cluster is gone, for members that have begun to meet must find each
    /// other.
    ///
    /// - Parameter isNew: whether none of the members is there; a token that was served before is then replaced.
    func token(isNew: Bool) throws -> DiscoveryToken {
        if let token = present(), !isNew || !wasServed(token) { return token }
        try remove()
        var generator = SystemRandomNumberGenerator()
        let token = DiscoveryToken.random(using: &generator)
        try FileManager.default.createDirectory(
            atPath: file.removingLastComponent().string,
            withIntermediateDirectories: true,
        )
        try AtomicFile.write("\(token)\n", to: file.string)
        return token
    }

    /// Forgets the token; that there is none is fine.
    func remove() throws {
        let owned = OwnedDirectory(directory.string)
        let token = present()
        try owned.remove(["clusters", cluster.description])
        if let token { try owned.remove(["\(token).json"]) }
    }

    private func present() -> DiscoveryToken? {
        guard let text = try? String(contentsOfFile: file.string, encoding: .utf8) else { return nil }
        return DiscoveryToken(text.prefix { !$0.isNewline })
    }

    private func path(of token: DiscoveryToken) -> String { directory.appending("\(token).json").string }

    private func wasServed(_ token: DiscoveryToken) -> Bool {
        FileManager.default.fileExists(atPath: path(of: token))
    }

    // MARK: Serving

    /// Does the work while the members can meet, where the plan says that they do so here.
    package func serving(_ plan: DiscoveryPlan?, while work: @escaping @Sendable () async throws -> Void) async throws {
        guard let plan, let token = DiscoveryToken(plan.token) else { return try await work() }
        let service = try DiscoveryService(directory: directory.string)
        try await service.create(token, size: plan.size)
        let server = DiscoveryServer(service, logger: HostWorkspace.logger)
        let (listening, continuation) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await server.run(host: "\(plan.address)", port: plan.port) { _ in continuation.yield() }
            }
            var iterator = listening.makeAsyncIterator()
            if await iterator.next() == nil { try await group.waitForAll() }
            try await work()
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
