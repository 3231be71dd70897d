import Basics
import Etcd
import EtcdProxy
import Foundation
import Logging
import NIOCore
import TestKit
import Testing

/// The proxy in front of real members.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EtcdProxyServerTests {
    @Test func servesVersion2AndVersion3OnEveryPort() async throws {
        try await RealEtcd.with(members: 1) { etcd in
            try await withProxy(to: etcd.peers, listen: 2) { ports in
                let put = await Loopback.http("PUT", port: ports[0], path: "/v2/keys/a?value=1")
                #expect(put?.status == 201)
                let got = await Loopback.http(port: ports[1], path: "/v2/keys/a")
                #expect(got?.body.contains(#""value":"1""#) == true)
                let client = EtcdHTTPClient.patient(["http://127.0.0.1:\(ports[1])"])
                try await client.put("b", "2")
                #expect(try await client.get("b")?.value == Array("2".utf8))
            }
        }
    }

    @Test func largeAnswersComeWhole() async throws {
        try await RealEtcd.with(members: 1) { etcd in
            try await withProxy(to: etcd.peers) { ports in
                let text = String(repeating: "0123456789", count: 90_000)
                let client = EtcdHTTPClient.patient(["http://127.0.0.1:\(ports[0])"])
                for index in 0..<4 { try await client.put("large/\(index)", text) }
                let direct = EtcdHTTPClient.patient(etcd.clientURLs)
                for index in 0..<4 {
                    let value = try await client.get("large/\(index)")?.value
                    #expect(value?.count == 900_000)
                    #expect(try await direct.get("large/\(index)")?.value == value)
                }
            }
        }
    }

    @Test func deathOfAMemberIsNotNoticedByAClientThatRetries() async throws {
        try await RealEtcd.with(members: 3) { etcd in
            try await withProxy(to: etcd.peers) { ports in
                let client = EtcdHTTPClient(endpoints: ["http://127.0.0.1:\(ports[0])"])
                try await client.put("k", "before")
                etcd.kill(1)
                for index in 0..<12 {
                    let answer = await retryOnce {
                        await Loopback.http(port: ports[0], path: "/v2/keys/", within: .seconds(1))
                    }
                    #expect(answer?.status == 200, "request \(index)")
                }
                try await eventually("a write is accepted again") {
                    await Loopback.http("PUT", port: ports[0], path: "/v2/keys/x?value=1")?.status.isSuccess == true
                }
            }
        }
    }

    /// Members write nothing, and say nothing, between the death of their leader and the election of the next one.
    @Test func writesAfterTheLeadersDeathAreNotLost() async throws {
        try await RealEtcd.with(members: 3) { etcd in
            try await withProxy(to: etcd.peers) { ports in
                // A connection to every member, so that the death is noticed whichever the leader is.
                let clients = (0..<3).map { _ in EtcdHTTPClient(endpoints: ["http://127.0.0.1:\(ports[0])"]) }
                for client in clients { try await client.put("k", "before") }
                etcd.kill(try await etcd.leader())
                for index in 0..<5 {
                    // What the dead leader was handed is lost, and etcd says so after seven seconds only.
                    let answer = await retryOnce {
                        await Loopback.http(
                            "PUT",
                            port: ports[0],
                            path: "/v2/keys/x?value=\(index)",
                            within: .seconds(2)
                        )
                    }
                    #expect(answer?.status.isSuccess == true, "write \(index): \(String(describing: answer))")
                }
            }
        }
    }

    @Test func watchGoesOnWhenItsMemberTurnsIntoABlackHole() async throws {
        try await RealEtcd.with(members: 3) { etcd in
            try await withProxy(to: etcd.peers) { ports in
                let client = EtcdHTTPClient(endpoints: ["http://127.0.0.1:\(ports[0])"])
                let first = try await client.put("w", "0")
                var events = client.watch(.key("w"), from: first).makeAsyncIterator()
                #expect(try await events.next()?.events.count == 1)
                // Only one of them holds the watch, and it is one that does not answer any more, whichever it is.
                for index in 0..<2 {
                    etcd.suspend(index)
                    let direct = EtcdHTTPClient(endpoints: [etcd.clientURLs[2], etcd.clientURLs[1 - index]])
                    try await eventually("a write without member \(index)") {
                        (try? await direct.put("w", "\(index)")) != nil
                    }
                    #expect(try await events.next() != nil)
                    etcd.resume(index)
                }
            }
        }
    }

    @Test func followsNewMembersAndRemembersThem() async throws {
        let directory = try TemporaryDirectory()
        let cache = directory.path(of: "cluster")
        defer { unlink(cache) }
        try await RealEtcd.with(members: 1) { etcd in
            try await withProxy(to: etcd.peers, cache: cache) { ports in
                let added = try await etcd.addMember()
                try await eventually("the new member is asked as well") {
                    let answer = await Loopback.http(port: ports[0], path: "/v2/stats/self")
                    return answer?.body.contains(#""name":"\#(added.name)""#) == true
                }
                let kept = try String(contentsOfFile: cache, encoding: .utf8)
                #expect(kept.contains(added.clientURL))
            }
            // The peers it is told are not there: what it remembers is enough.
            let nobody = try Loopback.freePorts(1).map { Endpoint(host: "127.0.0.1", port: $0) }
            try await withProxy(to: nobody, cache: cache) { ports in
                #expect(await Loopback.http(port: ports[0], path: "/v2/keys/")?.status == 200)
            }
        }
    }

    /// Whoever only connects costs no member anything; whoever says half a word gives its place to others.
    @Test func aCrowdOfIdleClientsLocksNobodyOut() async throws {
        try await RealEtcd.with(members: 1) { etcd in
            try await withProxy(to: etcd.peers, connections: 200) { ports in
                let client = EtcdHTTPClient.patient(["http://127.0.0.1:\(ports[0])"])
                let first = try await client.put("w", "0")
                var events = client.watch(.key("w"), from: first).makeAsyncIterator()
                #expect(try await events.next()?.events.count == 1)
                for words in [[], Array("GET /v2/ke".utf8), IdleCrowd.halfHandshake] {
                    let crowd = try await IdleCrowd.gather(on: ports[0], saying: words)
                    #expect(try Loopback.accepted(on: ports[0]) <= 210)
                    let forwarded = try Loopback.accepted(on: etcd.members[0].clientPort)
                    #expect(forwarded < (words.isEmpty ? 20 : 250), "\(forwarded) connections to the member")
                    try await eventually("a write is taken") { (try? await client.put("w", "1")) != nil }
                    #expect(try await events.next()?.events.count == 1)
                    withExtendedLifetime(crowd) {}
                }
            }
        }
    }

    @Test func aClientThatNeverSpeaksIsClosed() async throws {
        let nobody = try Loopback.freePorts(1).map { Endpoint(host: "127.0.0.1", port: $0) }
        try await withProxy(to: nobody, silence: .milliseconds(200)) { ports in
            let crowd = try await IdleCrowd.gather(3, on: ports[0])
            try await eventually("they are closed") { try Loopback.accepted(on: ports[0]) == 0 }
            withExtendedLifetime(crowd) {}
        }
    }

    @Test func saysThatThereIsNoMember() async throws {
        let nobody = try Loopback.freePorts(1).map { Endpoint(host: "127.0.0.1", port: $0) }
        try await withProxy(to: nobody, patience: .milliseconds(300)) { ports in
            let answer = await Loopback.http(port: ports[0], path: "/v2/keys/")
            #expect(answer?.status == 503)
            #expect(answer?.body == #"{"message":"httpproxy: zero endpoints currently available"}"#)
        }
    }

    @Test func clientThatCameTooEarlyIsServedWhenAMemberAnswers() async throws {
        try await RealEtcd.with(members: 1) { etcd in
            etcd.suspend(0)
            try await withProxy(to: etcd.peers) { ports in
                async let answer = Loopback.http(port: ports[0], path: "/v2/keys/", within: .seconds(30))
                // The client's request is under way, the member does not answer it yet.
                try await Task.sleep(for: .milliseconds(50))
                etcd.resume(0)
                #expect(await answer?.status == 200)
            }
        }
    }

    @Test func systemdIsToldOnceAMemberAnswers() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path(of: "notify")
        defer { unlink(path) }
        let inbox = try DatagramInbox(path: path)
        try await RealEtcd.with(members: 1) { etcd in
            try await withProxy(to: etcd.peers, notifier: ServiceNotifier(address: path)) { _ async throws in
                #expect(try inbox.next().hasPrefix("READY=1\nSTATUS=Forwarding to 127.0.0.1:"))
            }
            #expect(try inbox.next() == "STOPPING=1")
        }
    }

    @Test func addressInUseIsAnErrorThatSaysWhich() async throws {
        let nobody = try Loopback.freePorts(1).map { Endpoint(host: "127.0.0.1", port: $0) }
        try await withProxy(to: nobody) { ports in
            let error = await #expect(throws: ProxyError.self) {
                try await withProxy(to: nobody, at: [Endpoint(host: "127.0.0.1", port: ports[0])]) { _ in }
            }
            #expect(error?.description.contains("127.0.0.1:\(ports[0])") == true)
        }
    }
}

private func retryOnce(_ request: () async -> HTTPAnswer?) async -> HTTPAnswer? {
    if let answer = await request() { return answer }
    return await request()
}

/// A proxy with short waits, on ports of the kernel's choice.
private func withProxy(
    to peers: [Endpoint],
    listen count: Int = 1,
    at addresses: [Endpoint] = [],
    cache: String? = nil,
    patience: Duration = .seconds(5),
    connections: Int? = nil,
    silence: Duration = .seconds(30),
    notifier: ServiceNotifier = ServiceNotifier(address: nil),
    _ body: ([Int]) async throws -> Void,
) async throws {
    let anywhere = Array(repeating: Endpoint(host: "127.0.0.1", port: 0), count: count)
    var configuration = ProxyConfiguration(
        listen: addresses.isEmpty ? anywhere : addresses,
        peers: peers,
        cacheFile: cache,
        refreshInterval: .milliseconds(200),
    )
    configuration.patience = patience
    configuration.silenceLimit = silence
    if let connections { configuration.connections = connections }
    configuration.probeInterval = .milliseconds(300)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try EtcdProxyServer(configuration, logger: logger, notifier: notifier)
    do {
        try await body(try await server.start().get())
    } catch {
        try await server.shutDown()
        throw error
    }
    try await server.shutDown()
}

extension RealEtcd {
    fileprivate var peers: [Endpoint] {
        members.map { Endpoint(host: "127.0.0.1", port: $0.peerPort) }
    }
}

extension Int {
    fileprivate var isSuccess: Bool { (200..<300).contains(self) }
}
