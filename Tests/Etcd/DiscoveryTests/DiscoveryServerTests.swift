import ConnectionLimits
import Discovery
import EtcdProxy
import Foundation
import Logging
import TestKit
import Testing

/// The service over HTTP, and the real etcd as its client.
@Suite(.timeLimit(.minutes(2))) struct DiscoveryServerTests {
    @Test func keepsTokensAndMembersOverARestart() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try await withServer(directory) { port in
                let path = try await newToken(port, size: 2)
                #expect(await register("a1", at: path, port: port)?.status == 201)
                return path
            }
            try await withServer(directory) { port in
                let size = await Loopback.http(port: port, path: "\(path)/_config/size")
                #expect(size?.body.contains(#""value":"2""#) == true)
                let members = await Loopback.http(port: port, path: path)
                #expect(members?.body.contains("a1=http://127.0.0.1:2380") == true)
            }
        }
    }

    @Test func answersWhoWaitsAsSoonAsTheNextMemberIsThere() async throws {
        try await TemporaryDirectory.with { directory in
            try await withService(directory) { port, service in
                let path = try await newToken(port, size: 2)
                // The token was the first write, and the member will be the second.
                let wait = "\(path)?recursive=true&wait=true&waitIndex=2"
                async let answer = Loopback.http(port: port, path: wait, within: .seconds(30))
                try await eventually(within: .seconds(30), "the request waits") { await service.waiters == 1 }
                #expect(await register("b2", at: path, port: port)?.status == 201)
                let seen = await answer
                #expect(seen?.status == 200)
                #expect(seen?.body.contains("b2=http://127.0.0.1:2380") == true)
            }
        }
    }

    /// Those who connect and say nothing give their place to others.
    @Test func idleConnectionsLockNobodyOut() async throws {
        try await TemporaryDirectory.with { directory in
            let budget = ConnectionBudget(100)
            try await withService(directory, budget: budget) { port, _ in
                for words in [[], Array("GET /healt".utf8), IdleCrowd.halfHandshake] {
                    let crowd = try await IdleCrowd.gather(on: port, saying: words)
                    #expect(budget.count <= 100)
                    #expect(await Loopback.http(port: port, path: "/health", within: .seconds(30))?.status == 200)
                    withExtendedLifetime(crowd) {}
                }
            }
        }
    }

    @Test func refusesWhatIsTooLong() async throws {
        try await TemporaryDirectory.with { directory in
            try await withServer(directory) { port in
                let path = try await newToken(port, size: 1)
                let long = String(repeating: "x", count: 70_000)
                let answer = await Loopback.http(
                    "PUT",
                    port: port,
                    path: "\(path)/a1",
                    body: long,
                    within: .seconds(30),
                )
                #expect(answer?.status == 413)
                #expect(await Loopback.http(port: port, path: "/health")?.status == 200)
            }
        }
    }

    @Test func saysWhichFileOfItsOwnCannotBeRead() async throws {
        try await TemporaryDirectory.with { directory in
            let file = "\(directory)/0123456789abcdef0123456789abcdef.json"
            try Data("{".utf8).write(to: URL(filePath: file))
            let error = #expect(throws: DiscoveryError.self) { try DiscoveryService(directory: directory) }
            #expect(error?.description.contains(directory) == true)
            #expect(error?.code == .storage)
        }
    }

    @Test func threeMembersOfTheRealEtcdFormAClusterAndAFourthDoesNot() async throws {
        try await TemporaryDirectory.with { directory in
            try await withServer(directory) { port in
                let url = "http://127.0.0.1:\(port)" + (try await newToken(port, size: 3))
                try await RealEtcd.with(members: 3, discovery: url) { etcd in
                    let list = await Loopback.http(port: etcd.members[2].clientPort, path: "/v2/members")
                    for member in etcd.members {
                        #expect(list?.body.contains(member.peerURL) == true, "\(list?.body ?? "no answer")")
                    }
                    let fourth = try LateMember(discovery: url, directory: directory)
                    try await eventually(within: .seconds(60), "the fourth is told that the cluster is full") {
                        fourth.process.logTail().contains("cluster is full")
                    }
                    // A member that has its data asks nobody.
                    etcd.kill(0)
                    try await etcd.restart(0)
                }
            }
        }
    }

    /// It is there before the members, and takes no place of theirs.
    @Test func aProxyFindsTheMembersThere() async throws {
        try await TemporaryDirectory.with { directory in
            try await withServer(directory) { port in
                let token = try await newToken(port, size: 1)
                let url = "http://127.0.0.1:\(port)\(token)"
                try await withProxy(discovery: url) { proxy in
                    try await RealEtcd.with(members: 1, discovery: url) { _ in
                        try await eventually(within: .seconds(60), "the proxy forwards") {
                            await Loopback.http(port: proxy, path: "/health")?.body.contains("true") == true
                        }
                    }
                    let registered = await Loopback.http(port: port, path: token)?.body ?? ""
                    #expect(registered.split(separator: "\"value\"").count == 2, "\(registered)")
                }
            }
        }
    }

    // MARK: Helpers

    private struct LateMember {
        let process: GuardedProcess

        init(discovery: String, directory: String) throws {
            let ports = try Loopback.freePorts(2)
            let (client, peer) = ("http://127.0.0.1:\(ports[0])", "http://127.0.0.1:\(ports[1])")
            let arguments = [
                "etcd", "--name", "late", "--data-dir", "\(directory)/late", "--listen-client-urls", client,
                "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--discovery", discovery, "--discovery-fallback", "exit",
            ]
            process = try GuardedProcess(arguments, log: "\(directory)/late.log")
        }
    }

    private func newToken(_ port: Int, size: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> String
    {
        let answer = try #require(
            await Loopback.http(port: port, path: "/new?size=\(size)", within: .seconds(30)),
            sourceLocation: sourceLocation
        )
        let prefix = "http://127.0.0.1:\(port)"
        try #require(answer.body.hasPrefix(prefix), "\(answer)", sourceLocation: sourceLocation)
        return String(answer.body.dropFirst(prefix.count))
    }

    private func register(_ id: String, at path: String, port: Int) async -> HTTPAnswer? {
        await Loopback.http(
            "PUT",
            port: port,
            path: "\(path)/\(id)?prevExist=false",
            body: "value=\(id)%3Dhttp%3A%2F%2F127.0.0.1%3A2380",
            contentType: "application/x-www-form-urlencoded",
            within: .seconds(30),
        )
    }

    private func withServer<T: Sendable>(
        _ directory: String,
        _ body: @Sendable (_ port: Int) async throws -> T,
    ) async throws -> T {
        try await withService(directory) { port, _ in try await body(port) }
    }

    private func withService<T: Sendable>(
        _ directory: String,
        budget: ConnectionBudget = ConnectionBudget(100),
        _ body: @Sendable (_ port: Int, DiscoveryService) async throws -> T,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) async throws -> T {
        let service = try DiscoveryService(directory: directory)
        let server = DiscoveryServer(
            service,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            budget: budget,
        )
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await server.run(host: "127.0.0.1", port: 0) { continuation.yield($0) }
            }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next()
            if port == nil { try await group.waitForAll() }
            let result = try await body(try #require(port, sourceLocation: sourceLocation), service)
            group.cancelAll()
            try await group.waitForAll()
            return result
        }
    }
}
