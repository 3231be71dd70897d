import EtcdProxy
import Testing

@Suite struct EtcdProxyConfigurationTests {
    @Test func readsWhatAnEtcdProxyWouldRead() throws {
        let configuration = try ProxyConfiguration(environment: [
            "ETCD_PROXY": "on",
            "ETCD_LISTEN_CLIENT_URLS": "http://0.0.0.0:2379,http://0.0.0.0:4001",
            "ETCD_INITIAL_CLUSTER": "central-1=http://10.0.0.1:2380,central-2=http://[fd00::2]:2380",
            "ETCD_DATA_DIR": "/var/lib/etcd2",
            "ETCD_PROXY_REFRESH_INTERVAL": "5000",
        ])
        #expect(configuration.mode == .on)
        #expect(configuration.listen.map(\.description) == ["0.0.0.0:2379", "0.0.0.0:4001"])
        #expect(configuration.peers.map(\.description) == ["10.0.0.1:2380", "[fd00::2]:2380"])
        #expect(configuration.cacheFile == "/var/lib/etcd2/proxy/cluster")
        #expect(configuration.refreshInterval == .seconds(5))
    }

    @Test func listensOnBothPortsByDefault() throws {
        let configuration = try ProxyConfiguration(environment: ["ETCD_INITIAL_CLUSTER": "a=http://10.0.0.1:2380"])
        #expect(configuration.listen.map(\.description) == ["localhost:2379", "localhost:4001"])
        #expect(configuration.cacheFile == nil)
    }

    @Test func learnsThePeersFromADiscoveryServiceWhereNoneAreListed() throws {
        let url = "https://discovery.example/v2/keys/0123abcd"
        let configuration = try ProxyConfiguration(environment: ["ETCD_DISCOVERY": url])
        #expect(configuration.peers.isEmpty)
        #expect(configuration.discovery?.endpoint == Endpoint(host: "discovery.example", port: 443))
        #expect(configuration.discovery?.path == "/v2/keys/0123abcd")
        #expect(configuration.discovery?.usesTLS == true)
        let plain = try DiscoveryURL("http://[fd00::1]/t")
        #expect(plain.endpoint == Endpoint(host: "fd00::1", port: 80))
        let both = ["ETCD_DISCOVERY": url, "ETCD_INITIAL_CLUSTER": "a=http://10.0.0.1:2380"]
        #expect(try ProxyConfiguration(environment: both).discovery == nil)
    }

    @Test(arguments: [
        (["ETCD_DISCOVERY": "discovery.etcd.io/abc"], "ETCD_DISCOVERY is \"discovery.etcd.io/abc\""),
        (["ETCD_DISCOVERY": "http://h:8087"], "ends in the token"),
        (["ETCD_DISCOVERY": "http://h:x/t"], "has no port"),
        (["ETCD_INITIAL_CLUSTER": ""], "ETCD_INITIAL_CLUSTER is empty"),
        (["ETCD_INITIAL_CLUSTER": "a=10.0.0.1:2380"], "\"10.0.0.1:2380\" is not a URL"),
        (["ETCD_INITIAL_CLUSTER": "a=https://10.0.0.1:2380"], "ETCD_PEER_CERT_FILE"),
        (["ETCD_INITIAL_CLUSTER": "a=http://10.0.0.1"], "has no port"),
        (["ETCD_INITIAL_CLUSTER": "a=http://h:1", "ETCD_PROXY": "maybe"], "ETCD_PROXY is \"maybe\""),
        (["ETCD_INITIAL_CLUSTER": "a=http://h:1", "ETCD_PROXY_DIAL_TIMEOUT": "1s"], "not a number of milliseconds"),
    ])
    func refusesWithTheReason(_ environment: [String: String], _ reason: String) throws {
        let error = #expect(throws: ProxyError.self) { try ProxyConfiguration(environment: environment) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func firstMembersOutOfADiscoveryServicesListing() {
        func node(_ id: Int, _ value: String) -> String {
            #"{"key":"/t/\#(id)","value":"\#(value)","createdIndex":\#(id),"modifiedIndex":\#(id)}"#
        }
        let late = node(12, "late=http://10.0.0.9:2380")
        let two = node(11, "b=http://10.0.0.2:2380&b=http://10.0.0.2:7001")
        let one = node(9, "a=http://10.0.0.1:2380")
        let text = #"{"action":"get","node":{"key":"/t","dir":true,"nodes":[\#(late),\#(two),\#(one)]}}"#
        let first = DiscoveryURL.peers(listing: text, size: 2)?.map(\.description)
        #expect(first == ["10.0.0.1:2380", "10.0.0.2:2380", "10.0.0.2:7001"])
        #expect(DiscoveryURL.peers(listing: text, size: nil)?.count == 4)
        #expect(DiscoveryURL.peers(listing: #"{"errorCode":100}"#, size: 2) == nil)
        #expect(DiscoveryURL.size(#"{"action":"get","node":{"key":"/t/_config/size","value":"3"}}"#) == 3)
    }

    @Test func memberListsOfPeerPortAndClientPort() throws {
        let one = #"{"id":1,"peerURLs":["http://10.0.0.1:2380"],"name":"m","clientURLs":["http://10.0.0.1:2379"]}"#
        let notStarted = #"{"id":18446744073709551615,"peerURLs":["http://10.0.0.2:2380"],"clientURLs":[]}"#
        let expected = [
            ProxyMember(
                peers: [Endpoint(host: "10.0.0.1", port: 2380)],
                client: Endpoint(host: "10.0.0.1", port: 2379),
            )
        ]
        #expect(ProxyMember.list(json: "[\(one),\(notStarted)]\n") == expected)
        #expect(ProxyMember.list(json: "{\"members\": [\(one)]}") == expected)
        #expect(ProxyMember.list(json: ProxyMember.cacheText(expected)) == expected)
        for text in ["", "404 page not found", "{}", "[", "[\(one)", "{\"members\":3}"] {
            #expect(ProxyMember.list(json: text) == nil, "\(text)")
        }
    }

    @Test func memberThatAdvertisesLocalhostIsReachedAtItsPeerAddress() throws {
        let text = #"[{"peerURLs":["http://10.0.0.7:2380"],"clientURLs":["http://localhost:4001"]}]"#
        let members = try #require(ProxyMember.list(json: text))
        #expect(members.map(\.client) == [Endpoint(host: "10.0.0.7", port: 4001)])
    }
}
