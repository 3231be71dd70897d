import Testing

@testable import Fleetd

/// Who calls the API by a name that is not the machine's was led here by somebody else.
@Suite struct APIHostTests {
    private func refusal(_ host: String?, address: String = "10.0.0.5") -> APIError? {
        APIHost.refusal(of: host, address: address, hostname: "Worker-1")
    }

    @Test(
        arguments: [
            nil, "10.0.0.5", "10.0.0.5:49153", "localhost", "localhost:1", "LOCALHOST", "localhost.", "127.0.0.1:49153",
            "127.8.9.1", "[::1]:49153", "worker-1", "worker-1:49153", "WORKER-1.",
        ] as [String?]
    )
    func ownNames(host: String?) {
        #expect(refusal(host) == nil)
        #expect(refusal(host, address: "::ffff:10.0.0.5") == nil)
    }

    @Test(arguments: [
        "evil.example", "evil.example:49153", "10.0.0.6", "10.0.0.5.evil.example", "localhost.evil.example", "",
        "worker-1.evil.example", "127.0.0.1.evil.example", "127.0.0", "127.0.0.256", "[::2]", "localhost@evil.example",
    ])
    func foreignNames(host: String) {
        #expect(refusal(host)?.status == 403)
    }

    @Test func anAddressOfIPv6() {
        #expect(refusal("[fd00::5]:49153", address: "fd00::5") == nil)
        #expect(refusal("[fd00::6]:49153", address: "fd00::5")?.status == 403)
    }
}
