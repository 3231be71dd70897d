import Foundation
import TestKit
import Testing

/// Discovery services other than Slipway's own, for a member of the real etcd and a worker's proxy.
@Suite(.timeLimit(.minutes(3)))
struct OtherServicesTests {
    @Test func aSpareEtcdServesTokensAsKeys() async throws {
        try await RealEtcd.with { spare in
            let token = "/v2/keys/discovery/6c007a14875d53d9bf0ef5a6fc0257c8"
            let answer = await Loopback.http(
                "PUT",
                port: spare.members[0].clientPort,
                path: "\(token)/_config/size",
                body: "value=1",
                contentType: "application/x-www-form-urlencoded",
                within: .seconds(30),
            )
            #expect(answer?.status == 201, "\(String(describing: answer))")
            try await meet(under: spare.clientURLs[0] + token)
        }
    }

    @Test func debiansEtcdDiscoveryServesTokens() async throws {
        try await RealEtcd.with { spare in
            let port = try #require(try Loopback.freePorts(1).first)
            let temporary = try TemporaryDirectory()
            let directory = temporary.path
            let here = "http://127.0.0.1:\(port)"
            let service = try GuardedProcess(
                Self.program(["-a", "127.0.0.1:\(port)", "-e", spare.clientURLs[0], "-h", here]),
                log: "\(directory)/log",
            )
            try await eventually(within: .seconds(30), "it answers: \(service.logTail())") {
                await Loopback.http(port: port, path: "/health")?.status == 200
            }
            let token = try #require(await Loopback.http(port: port, path: "/new?size=1", within: .seconds(30)))
            try #require(token.body.hasPrefix("\(here)/"), "\(token)")
            try await meet(under: token.body)
            service.signal("TERM")
        }
    }

    /// The program as Scripts/test unpacks it from Debian's package etcd-discovery. It insists on its configuration
    /// in /etc, so it is given an /etc of its own.
    private static func program(_ arguments: [String]) -> [String] {
        let unpacked = "\(Checkout.path)/.build/checkers"
        let script = """
            cd "$0" && mount -t tmpfs etc /etc && cp -r etc/etcd-discovery /etc && exec usr/bin/discovery.etcd.io "$@"
            """
        return ["unshare", "--mount", "sh", "-c", script, unpacked] + arguments
    }

    /// A member registers, and a proxy that was there before finds it.
    private func meet(under url: String) async throws {
        try await withProxy(discovery: url) { proxy in
            try await RealEtcd.with(members: 1, discovery: url) { _ in
                try await eventually(within: .seconds(60), "the proxy forwards") {
                    await Loopback.http(port: proxy, path: "/health")?.body.contains("true") == true
                }
            }
        }
    }
}
