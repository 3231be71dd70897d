import Etcd
import EtcdProxy
import Foundation
import Logging
import NIOCore
import TestKit
import Testing
import TransportSecurity

/// A read-only proxy in front of a real member, asked by etcd's own client and by curl.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EtcdProxyReadOnlyTests {
    @Test func readsAreServedAndWritesRefusedToVersion3() async throws {
        try await withReadOnlyProxy { etcd, port in
            _ = try await etcd.client.put("a", "1")
            let got = try await etcdctl(port, "get a --print-value-only")
            #expect(got.exitCode == 0 && got.output.contains("1"), "\(got)")
            #expect(try await etcdctl(port, "member list").exitCode == 0)
            #expect(try await etcdctl(port, "endpoint status").exitCode == 0)
            for write in [
                "put a 2", "del a", "lease grant 60", "lease revoke 1234", "compact 1", "member remove 1234",
                "user add x:y", "alarm disarm", "defrag", "move-leader 1234",
            ] {
                let refused = try await etcdctl(port, write)
                #expect(refused.exitCode != 0, "\(write): \(refused.output)")
                #expect(refused.output.contains("read-only"), "\(write): \(refused.output)")
            }
            let text = String(repeating: "x", count: 300_000)
            let large = try await ShellCommand.run(
                "echo \(text.prefix(100_000)) | etcdctl --endpoints=127.0.0.1:\(port) put a"
            )
            #expect(large.exitCode != 0 && large.output.contains("read-only"))
            #expect(try await etcd.client.get("a")?.value == Array("1".utf8))
        }
    }

    @Test func transactionsThatOnlyReadPass() async throws {
        try await withReadOnlyProxy { etcd, port in
            _ = try await etcd.client.put("a", "1")
            let reads = try await txn(port, "value(\"a\") = \"1\"\n\nget a\n\nget b\n\n")
            #expect(reads.exitCode == 0 && reads.output.contains("SUCCESS"), "\(reads.output)")
            for branches in ["put a 2\n\nget a", "get a\n\nput a 2", "get a\ndel a\n\nget a"] {
                let writes = try await txn(port, "value(\"a\") = \"1\"\n\n\(branches)\n\n")
                #expect(writes.exitCode != 0 && writes.output.contains("a transaction that writes"), "\(writes.output)")
            }
            #expect(try await etcd.client.get("a")?.value == Array("1".utf8))
        }
    }

    /// One connection: what was refused leaves the streams beside it alone.
    @Test func watchGoesOnBesideRefusals() async throws {
        try await withReadOnlyProxy { etcd, port in
            _ = try await etcd.client.put("w", "0")
            // etcdctl's interactive watch takes several; a refused call on another connection must not end it.
            async let watched = ShellCommand.run(
                "timeout 10 etcdctl --endpoints=127.0.0.1:\(port) watch w --rev=1 | grep -m 3 -x 'v[0-9]'"
            )
            for number in 1...3 {
                #expect(try await etcdctl(port, "put w x").exitCode != 0)
                _ = try await etcd.client.put("w", "v\(number)")
            }
            #expect(try await watched.output.split(separator: "\n") == ["v1", "v2", "v3"])
        }
    }

    @Test func version2AndTheJSONGateway() async throws {
        try await withReadOnlyProxy { etcd, port in
            _ = try await etcd.client.put("a", "1")
            let v2 = try #require(await Loopback.http("PUT", port: port, path: "/v2/keys/a?value=1"))
            #expect(v2.status == 501)
            #expect(v2.body == "{\"message\":\"this etcd proxy is read-only and refuses PUT /v2/keys/a\"}\n")
            #expect(await Loopback.http("DELETE", port: port, path: "/v2/keys/a")?.status == 501)
            #expect(await Loopback.http("POST", port: port, path: "/v2/members", body: "{}")?.status == 501)
            #expect(await Loopback.http(port: port, path: "/v2/keys/")?.status == 200)
            #expect(await Loopback.http(port: port, path: "/health")?.status == 200)
            let put = await Loopback.http(
                "POST",
                port: port,
                path: "/v3/kv/put",
                body: #"{"key":"YQ==","value":"Mg=="}"#
            )
            #expect(put?.status == 403)
            #expect(put?.body.contains(#""code":7"#) == true)
            let range = await Loopback.http("POST", port: port, path: "/v3/kv/range", body: #"{"key":"YQ=="}"#)
            #expect(range?.status == 200)
            let read = #"{"success":[{"requestRange":{"key":"YQ=="}}]}"#
            #expect(await Loopback.http("POST", port: port, path: "/v3/kv/txn", body: read)?.status == 200)
            let write = #"{"failure":[{"request_put":{"key":"YQ==","value":"Mg=="}}]}"#
            #expect(await Loopback.http("POST", port: port, path: "/v3/kv/txn", body: write)?.status == 403)
            // A client that keeps connections is told to open another, and does.
            let client = EtcdHTTPClient.patient(["http://127.0.0.1:\(port)"])
            for _ in 0..<3 { #expect(try await client.get("a")?.value == Array("1".utf8)) }
            let error = await #expect(throws: EtcdError.self) { try await client.put("a", "2") }
            #expect(error?.description.contains("read-only") == true, "\(String(describing: error))")
            #expect(try await etcd.client.get("a")?.value == Array("1".utf8))
        }
    }

    @Test func nothingIsSmuggledBehindARead() async throws {
        try await withReadOnlyProxy { etcd, port in
            let socket = try Loopback.connection(to: port)
            defer { close(socket) }
            let text =
                "GET /v2/keys/ HTTP/1.1\r\nHost: x\r\n\r\nPUT /v2/keys/smuggled?value=1 HTTP/1.1\r\nHost: x\r\n\r\n"
            #expect(send(socket, Array(text.utf8), text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count)
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(socket, &buffer, buffer.count, 0), count > 0 { answer += buffer[..<count] }
            #expect(String(decoding: answer, as: UTF8.self).split(separator: "HTTP/1.1 ").count == 1)
            #expect(await Loopback.http(port: etcd.members[0].clientPort, path: "/v2/keys/smuggled")?.status == 404)
        }
    }

    @Test func withinTLSItCannotLook() throws {
        let here = [Endpoint(host: "127.0.0.1", port: 0)]
        let tls = TLSFiles(authority: .init("ca", "/a"), certificate: .init("cert", "/b"), key: .init("key", "/c"))
        let configuration = ProxyConfiguration(mode: .readonly, listen: here, peers: here, tls: tls)
        let error = #expect(throws: ProxyError.self) {
            try EtcdProxyServer(configuration, logger: Logger(label: "test"))
        }
        #expect(error?.description.contains("TLS") == true)
    }
}

private func etcdctl(_ port: Int, _ arguments: String) async throws -> ShellCommand {
    try await ShellCommand.run("ETCDCTL_API=3 etcdctl --endpoints=127.0.0.1:\(port) \(arguments)")
}

private func txn(_ port: Int, _ text: String) async throws -> ShellCommand {
    try await ShellCommand.run("printf '%s' '\(text)' | ETCDCTL_API=3 etcdctl --endpoints=127.0.0.1:\(port) txn")
}

extension RealEtcd {
    fileprivate var client: EtcdHTTPClient { EtcdHTTPClient.patient(clientURLs) }
}

private func withReadOnlyProxy(_ body: (RealEtcd, Int) async throws -> Void) async throws {
    try await RealEtcd.with(members: 1) { etcd in
        let configuration = ProxyConfiguration(
            mode: .readonly,
            listen: [Endpoint(host: "127.0.0.1", port: 0)],
            peers: etcd.members.map { Endpoint(host: "127.0.0.1", port: $0.peerPort) },
        )
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = try EtcdProxyServer(configuration, logger: logger)
        let failure: (any Error)?
        do {
            try await body(etcd, try await server.start().get()[0])
            failure = nil
        } catch {
            failure = error
        }
        try await server.shutDown()
        if let failure { throw failure }
    }
}
