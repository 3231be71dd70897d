import FleetState
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle
import TestKit
import Testing
import TransportSecurity

@testable import Fleetd

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(5)))
struct APIServerTests {
    let etcd = FakeEtcd()

    @Test func aUnixSocketKnowsWhoAsks() async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory)/fleet.sock"
            let url = "http+unix://\(path.replacing("/", with: "%2F"))/fleet/v1/units"
            // Had the kernel not said who asks, nobody could write.
            try await withServedAPI(etcd, on: [.unix(path: path)], access: APIAccess(writers: [getuid()])) { _ in
                let list = try await send("GET", "\(url)?alt=json")
                #expect(list == (200, "fleetd/9", "{}"))
                #expect(try await send("DELETE", "\(url)/a%401.service").status == 404)
                #expect(try await send("HEAD", url).status == 405)
            }
        }
    }

    /// A client that waits for changes may do so for 30 s.
    @Test func whoIsBeingAnsweredWhenFleetdEndsGetsTheAnswer() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
            let listener = APIListener.tcp(host: "127.0.0.1", port: 0)
            let server = APIServer(listener, api, version: "9", logger: FleetMachine.quiet) { address in
                continuation.yield(address?.port ?? 0)
            }
            let services = ServiceGroup(services: [server], logger: FleetMachine.quiet)
            async let running: Void = services.run()
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let path = "/fleet/v1/changes?since=1000000&wait=30"
            async let answer = Loopback.http(port: port, path: path, within: .seconds(25))
            try await eventually("the request is there") { server.requests.count == 1 }
            await services.triggerGracefulShutdown()
            try await running
            #expect(await answer?.status == 200)
            #expect(await Loopback.http(port: port, path: path) == nil)
        }
    }

    /// A page of another's that had its name lead here speaks as that name.
    @Test func foreignHostsAreRefused() async throws {
        try await withServedAPI(etcd) { port in
            let path = "/fleet/v1/units"
            let foreign = await Loopback.http(port: port, path: path, host: "evil.example", within: .seconds(30))
            #expect(foreign?.status == 403)
            #expect(foreign?.body.contains("evil.example") == true)
            let own = await Loopback.http(port: port, path: path, host: "localhost:\(port)", within: .seconds(30))
            #expect(own?.status == 200)
        }
    }

    @Test func boundsOfARequest() async throws {
        try await withServedAPI(etcd) { port in
            let body = #"{"name":""# + String(repeating: "x", count: APIServer.maximumBody) + #""}"#
            let path = "/fleet/v1/units/x.service"
            let answer = await Loopback.http("PUT", port: port, path: path, body: body, within: .seconds(20))
            #expect(answer?.status == 413)
            let long = "/fleet/v1/units/" + String(repeating: "x", count: 100_000)
            #expect(await Loopback.http(port: port, path: long, within: .seconds(20))?.status != 200)
            #expect(await Loopback.http(port: port, path: "/fleet/v1/units", within: .seconds(20))?.status == 200)
        }
    }

    @Test func onlyClientsWithACertificateAreServed() async throws {
        let files = try TestCertificates()
        let client = files.client.configuration
        var stranger = client
        (stranger.certificateChain, stranger.privateKey) = ([], nil)
        try await withServedAPI(etcd, tls: files.files("server").identity(.server)) { port in
            let url = "https://127.0.0.1:\(port)/fleet/v1/units"
            await #expect(throws: (any Error).self) { try await send("GET", url, tls: stranger) }
            let answer = try await send("GET", url, tls: client)
            #expect(answer == (200, "fleetd/9", "{}"))
            #expect(await Loopback.http(port: port, path: "/fleet/v1/units", within: .seconds(5))?.status != 200)
        }
    }

    @Test(arguments: [
        ("unix:///run/f.sock", "unix:/run/f.sock", true, false), ("tcp://127.0.0.1:1", "tcp:127.0.0.1:1", false, false),
        ("tcp://0.0.0.0:49153", "tcp:0.0.0.0:49153", false, true), ("tcp://[::1]:80", "tcp:::1:80", false, false),
    ])
    func listeners(_ text: String, _ description: String, _ isLocal: Bool, _ isOpen: Bool) throws {
        let listener = try APIListener(text)
        #expect(listener.description == description)
        #expect(listener.isLocal == isLocal)
        #expect(listener.isOpen == isOpen)
    }

    @Test(arguments: ["", "tcp://", "tcp://:80", "tcp://h", "tcp://h:x", "tcp://h:99999", "unix://x", "http://h:1"])
    func noListeners(_ text: String) {
        #expect(throws: FleetError.self) { try APIListener(text) }
    }

    @Test(arguments: [
        "api_certfile=/x", "api_cafile=/x", "api_certfile=/nowhere\napi_keyfile=/nowhere", "api_writers=nobody-here",
    ])
    func securityThatCannotBe(_ text: String) throws {
        let configuration = try FleetConfiguration(text: text)
        #expect(throws: FleetError.self) { try APISecurity(configuration) }
    }

    @Test func writersByNameOrNumber() throws {
        let configuration = try FleetConfiguration(text: "api_writers=root,1234")
        #expect(try APISecurity(configuration).access == APIAccess(writers: [0, 1234]))
        #expect(try APISecurity(FleetConfiguration()).access == APIAccess())
    }
}
