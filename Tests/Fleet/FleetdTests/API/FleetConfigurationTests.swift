import Fleetd
import Testing

struct FleetConfigurationTests {
    @Test func readsTheOriginalsFile() throws {
        let text = """
            # a comment
            [ignored]
            etcd_servers=["http://10.0.0.1:2379", "http://10.0.0.2:2379"]
            public_ip="10.0.0.3"
            metadata="role=web,zone=a b"
            agent_ttl: "1m30s"
            verbosity = 1
            enable_grpc=false
            """
        let configuration = try FleetConfiguration(
            text: text,
            environment: ["FLEET_VERBOSITY": "2", "FLEET_ENDPOINT": "unix:///x", "HOME": "/"]
        )
        #expect(configuration.etcdServers == ["http://10.0.0.1:2379", "http://10.0.0.2:2379"])
        #expect(configuration.publicIP == "10.0.0.3")
        #expect(configuration.metadata == ["role": "web", "zone": "a b"])
        #expect(configuration.agentTTL == .seconds(90))
        #expect(configuration.verbosity == 2)
    }

    @Test func environmentAlone() throws {
        let configuration = try FleetConfiguration(
            text: "",
            environment: ["FLEET_ETCD_SERVERS": "http://a,http://b", "FLEET_AGENT_TTL": "5s"]
        )
        #expect(configuration.etcdServers == ["http://a", "http://b"])
        #expect(configuration.agentTTL == .seconds(5))
    }

    @Test func namesAreOffUnlessADomainIsGiven() throws {
        #expect(try FleetConfiguration(text: "").namesDomain == "")
        let configuration = try FleetConfiguration(text: "", environment: ["FLEET_NAMES_DOMAIN": "demo.slipway"])
        #expect(configuration.namesDomain == "demo.slipway")
        #expect(configuration.namesFile == "/var/lib/fleet/names/hosts")
    }

    /// As the original did; but it is told.
    @Test func aKeyThatIsNotKnownHasNoEffect() throws {
        let configuration = try FleetConfiguration(text: "bogus_key=1\nverbosity=2\nenable_grpc=true", environment: [:])
        #expect(configuration.verbosity == 2)
        #expect(configuration.ignoredSettings == ["line 1: there is no setting called bogus_key"])
    }

    @Test(arguments: ["agent_ttl=soon", "agent_ttl=0", "verbosity=-1", "disable_engine=maybe", "nonsense"])
    func wrongSettingsAreNamed(_ line: String) {
        let error = #expect(throws: FleetError.self) { try FleetConfiguration(text: "\n" + line) }
        #expect(error?.description.hasPrefix("line 2: ") == true)
    }
}
