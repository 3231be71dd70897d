import Testing

@testable import Planning

@Suite struct EtcdURLTests {
    @Test(arguments: [
        ("http://10.9.0.10:2380", "http://10.9.0.10:2379"), ("https://etcd-1:2380/", "https://etcd-1:2379"),
        // Nothing is known of what listens beside another port.
        ("http://10.9.0.10:7001", "http://10.9.0.10:7001"), ("http://10.9.0.10", "http://10.9.0.10"), ("", ""),
    ])
    func clientsHaveAPortOfTheirOwn(_ peer: String, _ client: String) {
        #expect(EtcdURL.client(ofPeer: peer) == client)
    }

    @Test(arguments: [
        ("http://10.9.0.10:2380", "10.9.0.10"), ("https://etcd-1:2380/x", "etcd-1"), ("http://a", "a"), ("a:1", ""),
    ])
    func hostOfAURL(_ url: String, _ host: String) {
        #expect(EtcdURL.host(of: url) == host)
    }
}
