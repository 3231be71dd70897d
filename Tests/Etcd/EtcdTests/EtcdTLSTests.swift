import Etcd
import EtcdProxy
import Logging
import NIOCore
import TestKit
import Testing
import TransportSecurity

/// Real members that ask everyone for a certificate.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EtcdTLSTests {
    @Test func aClientWithACertificateIsServed() async throws {
        let tls = try TestCertificates()
        try await RealEtcd.with(members: 3, tls: tls) { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs, tls: tls.client)
            let revision = try await client.put("a", "1")
            #expect(try await client.get("a")?.text == "1")
            var events = client.watch(.key("a"), from: revision).makeAsyncIterator()
            #expect(try await events.next()?.events.count == 1)
            try await client.put("a", "2")
            #expect(try await events.next()?.events.count == 1)
            #expect(try await client.members().map(\.clientURLs).allSatisfy { $0[0].hasPrefix("https://") })
        }
    }

    @Test func everyoneElseIsRefused() async throws {
        let tls = try TestCertificates()
        try await RealEtcd.with(members: 1, tls: tls) { etcd in
            for client in [
                EtcdHTTPClient(endpoints: etcd.clientURLs),
                EtcdHTTPClient(endpoints: etcd.clientURLs, tls: try tls.stranger()),
                EtcdHTTPClient(endpoints: etcd.clientURLs, tls: try tls.distrustful()),
                EtcdHTTPClient(endpoints: etcd.clientURLs.map { $0.replacing("https", with: "http") }, tls: tls.client),
            ] {
                let error = await #expect(throws: EtcdError.self) { try await client.put("a", "1") }
                #expect(error?.isTransient == true || error?.code == .refused, "\(String(describing: error))")
            }
            let served = EtcdHTTPClient.patient(etcd.clientURLs, tls: tls.client)
            #expect(try await served.get("a") == nil)
        }
    }

    @Test func aServerThatIsNotTrustedIsNamed() async throws {
        let tls = try TestCertificates()
        try await RealEtcd.with(members: 1, tls: tls) { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs, tls: try tls.distrustful())
            let error = await #expect(throws: EtcdError.self) { try await client.get("a") }
            #expect(error?.description.contains(etcd.clientURLs[0]) == true)
            #expect(error?.description.contains("trust") == true, "\(String(describing: error))")
        }
    }

    /// A proxy's clients reach a member under an address that the member's certificate does not have.
    @Test func namesAreCheckedUnlessTheyCannotBe() async throws {
        let tls = try TestCertificates()
        try await RealEtcd.with(members: 1, tls: tls) { etcd in
            try await Self.withProxy(to: etcd, tls: tls.proxy, at: "127.0.0.2") { url in
                let strict = EtcdHTTPClient(endpoints: [url], tls: tls.client)
                await #expect(throws: EtcdError.self) { try await strict.get("a") }
                let lenient = EtcdHTTPClient.patient([url], tls: try tls.nameless())
                #expect(try await lenient.get("a") == nil)
                let stranger = EtcdHTTPClient(endpoints: [url], tls: try tls.distrustful(checksNames: false))
                await #expect(throws: EtcdError.self) { try await stranger.get("a") }
            }
        }
    }

    @Test func aProxyPassesTLSThroughAndAsksWithItsOwnCertificate() async throws {
        let tls = try TestCertificates()
        try await RealEtcd.with(members: 3, tls: tls) { etcd in
            try await Self.withProxy(to: etcd, tls: tls.proxy) { url in
                let client = EtcdHTTPClient(endpoints: [url], tls: tls.client)
                let revision = try await client.put("a", "1")
                var events = client.watch(.key("a"), from: revision).makeAsyncIterator()
                #expect(try await events.next()?.events.count == 1)
                etcd.kill(1)
                try await eventually(within: .seconds(20), "a write is accepted again") {
                    (try? await client.put("a", "2")) != nil
                }
                #expect(try await events.next() != nil)
                let stranger = EtcdHTTPClient(endpoints: [url], tls: try tls.stranger())
                await #expect(throws: EtcdError.self) { try await stranger.get("a") }
            }
        }
    }

    @Test func aProxyWithoutACertificateServesNobody() async throws {
        let tls = try TestCertificates()
        try await RealEtcd.with(members: 1, tls: tls) { etcd in
            try await Self.withProxy(to: etcd, tls: nil) { url in
                let client = EtcdHTTPClient(endpoints: [url], requestTimeout: .milliseconds(700), tls: tls.client)
                await #expect(throws: EtcdError.self) { try await client.get("a") }
            }
        }
    }

    @Test func certificatesThatCannotBeReadStopTheProxy() throws {
        let here = [Endpoint(host: "127.0.0.1", port: 0)]
        let missing = TLSFiles(
            authority: .init("ca", "/none/ca"),
            certificate: .init("cert", "/none/cert"),
            key: .init("key", "/none/key"),
        )
        let error = #expect(throws: ProxyError.self) {
            try EtcdProxyServer(.init(listen: here, peers: here, tls: missing), logger: Logger(label: "test"))
        }
        #expect(error?.description.contains("/none/ca") == true)
    }

    @Test func theProxyIsToldOfItsFilesByTheEnvironment() throws {
        var environment = [
            "ETCD_INITIAL_CLUSTER": "a=https://10.0.0.1:2380", "ETCD_LISTEN_CLIENT_URLS": "https://0.0.0.0:2379",
            "ETCD_PEER_TRUSTED_CA_FILE": "/ca", "ETCD_PEER_CERT_FILE": "/cert", "ETCD_PEER_KEY_FILE": "/key",
        ]
        let configuration = try ProxyConfiguration(environment: environment)
        #expect(configuration.tls?.paths == ["/ca", "/cert", "/key"])
        #expect(configuration.peers == [Endpoint(host: "10.0.0.1", port: 2380)])
        environment["ETCD_PEER_KEY_FILE"] = nil
        let error = #expect(throws: ProxyError.self) { try ProxyConfiguration(environment: environment) }
        #expect(error?.description.contains("ETCD_PEER_KEY_FILE") == true)
    }

    @Test func aKeyIsInNoDescription() throws {
        let tls = try TestCertificates()
        var dumped = ""
        dump(tls.client, to: &dumped)
        #expect(!("\(tls.client)" + String(reflecting: tls.client) + dumped).contains("BEGIN"))
    }

    @Test func whatIsNoPEMIsRefused() throws {
        let error = #expect(throws: TLSError.self) {
            try TLSIdentity(authority: "no", certificate: "PEM", privateKey: "at all")
        }
        #expect(error?.description.contains("PEM") == true)
    }

    @Test func aKeyOfAnotherCertificateIsRefused() throws {
        let tls = try TestCertificates()
        var files = tls.files("server")
        files.key.path = tls.path("client-key.pem")
        #expect(throws: TLSError.self) { try files.identity() }
        #expect(throws: TLSError.self) { try files.identity(.server) }
    }

    private static func withProxy(
        to etcd: RealEtcd,
        tls: TLSFiles?,
        at address: String = "127.0.0.1",
        _ body: (String) async throws -> Void,
    ) async throws {
        var configuration = ProxyConfiguration(
            listen: [Endpoint(host: address, port: 0)],
            peers: etcd.members.map { Endpoint(host: "127.0.0.1", port: $0.peerPort) },
            refreshInterval: .milliseconds(200),
            tls: tls,
        )
        configuration.patience = .milliseconds(500)
        configuration.probeInterval = .milliseconds(300)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = try EtcdProxyServer(configuration, logger: logger)
        do {
            try await body("https://\(address):\(try await server.start().get()[0])")
        } catch {
            try await server.shutDown()
            throw error
        }
        try await server.shutDown()
    }
}
